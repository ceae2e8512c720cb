"""The Python API: one class that opens a library, fills it, searches it and reports on it."""
