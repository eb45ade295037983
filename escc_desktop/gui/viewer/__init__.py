"""Slices and what is drawn on them."""
