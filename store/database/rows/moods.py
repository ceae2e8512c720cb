"""Converts moods to table rows and back."""

from typing import Any, cast

import numpy as np

from mvsearch.store.database.columns import check_seconds, checks_rows
from mvsearch.store.database.tables import MoodRow
from mvsearch.store.records import Mood, MoodCurve, MoodTrack, Side, VideoMood
from mvsearch.store.records.moods import DIGITS

# A point takes seven bytes: steps of 1/255 are far below the error of any prediction.
_POINT = np.dtype([("seconds", "<f4"), ("values", "u1", 3)])
_STEPS = 255


def track_to_row(video_id: str, track: MoodTrack) -> MoodRow:
    """The mood of one side of a video as a row."""
    return MoodRow(
        video_id=video_id,
        side=track.side,
        head=track.head,
        valence=track.mood.valence,
        arousal=track.mood.arousal,
        confidence=track.mood.confidence,
        joint=track.joint.astype("<f4").tobytes(),
        curve=pack_curve(track.curve),
    )


@checks_rows
def row_to_track(row: MoodRow) -> MoodTrack:
    """A row as the mood of one side."""
    return MoodTrack(
        cast(Side, row.side),
        row.head,
        row_to_mood(row),
        unpack_curve(row.curve),
        unpack_joint(row.joint),
    )


@checks_rows
def row_to_mood(row: Any) -> Mood:
    """The mood as a whole in a row, or in a selection of its columns."""
    return Mood(row.valence, row.arousal, row.confidence)


@checks_rows
def unpack_joint(stored: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Unpack a joint vector: (k,) float32; `MoodTrack` checks it."""
    return np.frombuffer(stored, dtype="<f4").astype(np.float32)


def mood_columns(mood: VideoMood) -> dict[str, float | None]:
    """The values of the columns of `VideoRow` that a mood makes."""
    whole = mood.whole
    return {
        "valence": None if whole is None else round(whole.valence, DIGITS),
        "arousal": None if whole is None else round(whole.arousal, DIGITS),
        "mood_gap": None if mood.gap is None else round(mood.gap, DIGITS),
    }


def pack_curve(curve: MoodCurve) -> bytes:
    """Pack a curve, each value rounded to 1/255."""
    packed = np.empty(len(curve), dtype=_POINT)
    packed["seconds"] = curve.seconds
    packed["values"] = np.rint(curve.points * _STEPS)
    return packed.tobytes()


@checks_rows
def unpack_curve(stored: bytes) -> MoodCurve:
    """Unpack a curve."""
    packed = np.frombuffer(stored, dtype=_POINT)
    curve = MoodCurve(
        packed["seconds"].astype(np.float32),
        packed["values"].astype(np.float32) / np.float32(_STEPS),
    )
    if len(curve):
        check_seconds(float(curve.seconds[-1]))
    return curve
