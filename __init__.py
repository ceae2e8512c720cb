"""mvsearch: search a folder of music videos by picture, clip, sound, lyric line or words."""
