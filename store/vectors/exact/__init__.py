"""Exact search: the vectors of a space as rows, in memory or memory-mapped."""
