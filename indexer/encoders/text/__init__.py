"""Encoders of lyric lines."""
