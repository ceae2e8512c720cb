"""Trains the projection by which MusicGen composes for a picture without words."""
