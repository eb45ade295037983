"""Data files of the package, read through escc_desktop.resources only."""
