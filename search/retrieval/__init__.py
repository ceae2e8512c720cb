"""Which videos are nearest."""
