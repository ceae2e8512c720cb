"""The Python API: one class that opens a library, indexes, searches and reports."""
