"""Media files: found, probed, and read by ffmpeg."""
