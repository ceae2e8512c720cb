"""Readers of lyric files and subtitles."""
