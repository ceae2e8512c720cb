"""Similarities as scores: calibration against unrelated content, and fusion."""
