"""Runs long work for the server: jobs, their requests, and index runs in a process of their own."""
