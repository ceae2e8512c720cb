"""Writes self-contained HTML reports."""
