"""The API of what keeps a library in order: watching folders, diagnosis."""
