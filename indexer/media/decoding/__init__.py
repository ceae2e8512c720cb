"""The decoder: raw frames, their times and sound out of a file."""
