"""Locates queries in time within a video."""
