"""Finds versions of the same video: copies, excerpts, dubs and covers."""
