"""Encoders and classifiers of pictures."""
