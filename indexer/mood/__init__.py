"""Predicts moods from the vectors of pictures and sound, by small heads of its own."""

from mvsearch.indexer.mood.heads import MoodHead, find_head

__all__ = ["MoodHead", "find_head"]
