"""Indexes a folder into a library and keeps the library up to date."""
