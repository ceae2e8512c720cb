"""Copies a library row by row into another database, so that it is the same there."""
