"""Radiomic features: names, extraction, tables."""
