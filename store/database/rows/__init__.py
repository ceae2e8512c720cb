"""Converts records to table rows and back."""
