"""Answers requests: the endpoints of the HTTP API and the pages."""
