"""Volumes, masks and DICOM: what is read from and written to image files."""
