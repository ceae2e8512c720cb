"""Mixes that lead from video to video: a path of songs of which each is near the one before."""
