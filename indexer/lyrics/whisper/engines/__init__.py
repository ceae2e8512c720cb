"""Runs Whisper models by openai-whisper or faster-whisper, and finds and converts their weights."""
