"""Landmarks: pairs of spectral peaks as keys of an index of all sound in a library."""
