"""Decisions of a person on versions of videos, and what is done with surplus files."""
