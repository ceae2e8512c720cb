"""Formats lists, results of checks and versions as tables and as JSON."""
