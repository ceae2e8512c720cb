"""Runs the stages of files on a Ray cluster; the results come back to one process that writes."""
