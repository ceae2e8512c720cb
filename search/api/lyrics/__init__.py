"""Lyrics of an open library: fitted to what is heard, fetched, moved and put back."""
