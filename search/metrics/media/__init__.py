"""Media files as the numbers that metrics compare."""
