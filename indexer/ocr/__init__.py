"""Reads the text that the picture of a video shows, with times."""
