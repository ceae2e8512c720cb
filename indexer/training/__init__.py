"""Trains networks: one loop for all of them, with checkpoints, and the folders of its runs."""
