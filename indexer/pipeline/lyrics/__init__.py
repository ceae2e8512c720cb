"""Stages that store words: lyrics found, sung or shown, and their vectors."""
