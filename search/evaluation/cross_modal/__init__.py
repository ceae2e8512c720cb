"""Asks with pictures for sound: a video's own, or any of the same mood."""
