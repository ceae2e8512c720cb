"""Queries with known answers, and the distortions that they are asked under."""
