"""Encoders beside those in use: indexed by, exchanged for these in one step, and dropped."""
