"""Tells from outside how a server is: its health for proxies, its numbers for Prometheus."""
