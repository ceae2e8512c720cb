"""Trains two towers, so that picture and sound of the same time are near each other."""
