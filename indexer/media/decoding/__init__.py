"""Decodes files into raw frames with time stamps, and into mono audio."""
