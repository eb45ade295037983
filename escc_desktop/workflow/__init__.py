"""The facade that the command line and the window call."""
