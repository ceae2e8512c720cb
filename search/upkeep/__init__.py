"""Keeps a library and its machine in order: changes of folders, and what may be wrong."""
