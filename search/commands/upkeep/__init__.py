"""The commands that keep a library in order: review of versions, watching, diagnosis."""
