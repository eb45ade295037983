"""One function a figure; the one importer of matplotlib."""
