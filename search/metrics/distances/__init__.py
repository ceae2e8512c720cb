"""Distances between sets and between sequences of vectors."""
