"""Encoders and classifiers of sound."""
