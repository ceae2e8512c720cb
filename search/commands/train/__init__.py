"""The commands that train: `mvsearch train songs` and others."""
