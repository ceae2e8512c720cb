"""Refines a search by which of its results are liked and disliked."""
