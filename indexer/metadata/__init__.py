"""Reads what people and programs say of a video: in its tags, its name, and files beside it."""
