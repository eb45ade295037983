"""Statistics equal to R: arrays in, small frozen results out."""
