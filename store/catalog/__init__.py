"""The catalogue of a library: its videos, their files and the results of indexing."""
