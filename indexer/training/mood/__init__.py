"""Trains the heads that predict moods, and the joint space of pictures and sound."""
