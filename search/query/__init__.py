"""Queries: their parts, vectors, words and filters."""
