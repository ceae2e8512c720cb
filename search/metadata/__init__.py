"""Writes metadata of a library to files that other programs read."""
