"""Asks services for lyrics with times, where the user wants it."""
