"""Finds lines by words, letters and sounds in a PostgreSQL database."""
