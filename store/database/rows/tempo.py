"""Converts tempo and key to columns of a row of a video."""

from typing import Any

from mvsearch.store.records import TempoAndKey
from mvsearch.store.records.tempo_and_key import BPM_DIGITS, CONFIDENCE_DIGITS


def tempo_columns(found: TempoAndKey | None) -> dict[str, Any]:
    """The values of the columns of `VideoRow`; all are NULL before anything was measured."""
    if found is None:
        return dict.fromkeys(
            ("bpm", "bpm_confidence", "key", "key_confidence", "tempo_revision"), None
        )
    return {
        "bpm": None if found.bpm is None else round(found.bpm, BPM_DIGITS),
        "bpm_confidence": round(found.bpm_confidence, CONFIDENCE_DIGITS),
        "key": found.key,
        "key_confidence": round(found.key_confidence, CONFIDENCE_DIGITS),
        "tempo_revision": found.revision,
    }
