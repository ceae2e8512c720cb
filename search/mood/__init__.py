"""Finds songs and pictures by mood."""
