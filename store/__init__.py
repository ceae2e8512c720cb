"""Stores a library: records, catalogue and vectors; the only package that opens the database."""

from mvsearch.store.telemetry import switch_off_telemetry

# Every other module imports this package before any library that reports.
switch_off_telemetry()
