"""Checks the times of records."""

import math


def check_span(start_seconds: float | None, end_seconds: float | None) -> None:
    """Raise ValueError unless both times are None, or 0 <= start <= end and both are finite."""
    if start_seconds is None and end_seconds is None:
        return
    if start_seconds is None or end_seconds is None:
        raise ValueError("a span has both times or none")
    if not (math.isfinite(start_seconds) and math.isfinite(end_seconds)):
        raise ValueError(f"times must be finite: {start_seconds}, {end_seconds}")
    if not 0 <= start_seconds <= end_seconds:
        raise ValueError(f"times must be ordered and not negative: {start_seconds}, {end_seconds}")
