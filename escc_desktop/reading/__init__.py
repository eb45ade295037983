"""Delineation by readers: plan, sessions, edits."""
