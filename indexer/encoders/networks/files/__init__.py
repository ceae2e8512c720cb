"""Weights as files: listed, downloaded, verified, put together and read without torch."""
