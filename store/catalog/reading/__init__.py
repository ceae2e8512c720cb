"""Reads the catalogue, one module for each subject."""
