"""Metrics by the embedded heads of mood, where no other network is installed."""
