"""Transcription by Whisper."""
