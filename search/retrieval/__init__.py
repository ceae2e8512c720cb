"""Retrieves the nearest videos of a query."""
