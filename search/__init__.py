"""Questions in, ranked videos out."""
