"""Lyrics on the server: how they fit their videos."""
