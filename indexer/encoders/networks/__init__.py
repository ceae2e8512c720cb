"""Finds, downloads, verifies, exports and runs neural networks."""
