"""Queries whose parts lie at one moment of a video, or one after the other."""
