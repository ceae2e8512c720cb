"""Fits the times of lyrics to what is heard in a video."""
