"""Serves a library as web pages and as an HTTP API, through the Python API alone."""
