"""Approximate search: inverted lists of short codes, for large spaces."""
