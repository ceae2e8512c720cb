"""Requests to a server, and their answers, checked."""
