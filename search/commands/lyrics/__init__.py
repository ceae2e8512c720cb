"""The command of lyrics: `mvsearch lyrics`."""
