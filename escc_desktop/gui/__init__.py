"""The window: one of the two doors to the house."""
