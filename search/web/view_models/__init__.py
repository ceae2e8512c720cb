"""Describes results, videos and lists for the templates."""
