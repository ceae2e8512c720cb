"""Formats results as text, tables, JSON and files."""
