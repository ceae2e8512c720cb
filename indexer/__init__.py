"""Turns media files into features: embeddings, lyrics, tags and stills."""
