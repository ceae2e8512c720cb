"""Turns media files into the arrays that the metrics compare."""
