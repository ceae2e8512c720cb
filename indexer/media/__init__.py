"""Finds, probes and decodes media files; the only package that starts ffmpeg."""
