"""Learns the projection of features for copies."""
