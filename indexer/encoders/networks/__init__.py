"""Weights and the networks made of them: found, fetched, checked, exported, run."""
