"""Transcribes lyrics with Whisper."""
