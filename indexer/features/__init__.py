"""Computes the features of one file: the decoder and the encoders run in parallel."""
