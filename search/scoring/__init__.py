"""Turns similarities into scores: calibration and fusion."""
