"""Recorded scripts of what a reader does at the window: read, written, played and recorded."""
