"""Formats metric results as tables and plots."""
