"""Which videos of a library are versions of each other: copies, excerpts, dubs, covers."""
