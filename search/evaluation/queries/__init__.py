"""Generates queries with known answers, and distorts them."""
