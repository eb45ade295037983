"""What readers draw with."""
