"""Trains a classifier of songs over frames, whose features become an encoder of frames."""
