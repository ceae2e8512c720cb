"""Lets operators see what runs: numbers, logs that programs read, and traces."""
