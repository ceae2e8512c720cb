"""The catalogue: what is known of videos, read and written."""
