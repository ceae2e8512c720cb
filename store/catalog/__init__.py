"""The catalogue: reads and writes what is known about videos."""
