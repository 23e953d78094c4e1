"""What comes in, checked once at the door; what is counted, once per cell."""
