"""Measures retrieval quality with queries whose answers are known."""
