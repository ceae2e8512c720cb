"""Searches a library: queries in, ranked videos with moments and reasons out."""
