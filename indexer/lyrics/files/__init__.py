"""Readers for lyric files and subtitles."""
