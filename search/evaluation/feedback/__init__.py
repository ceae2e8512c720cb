"""Measures what likes and dislikes spare users who look for a video."""
