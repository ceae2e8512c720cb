"""Formats evaluations: tables, HTML page, plots and JSON."""
