"""Measures the moods of a video from the vectors of its frames and its sound."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from mvsearch.indexer.mood.heads import MoodHead
from mvsearch.indexer.mood.used import EMBEDDED, Heads
from mvsearch.store.records import (
    SIDE_OF,
    Embeddings,
    Matrix,
    Modality,
    Mood,
    MoodCurve,
    MoodTrack,
    Space,
)
from mvsearch.store.records.moods import DIGITS, MAX_POINTS


def find_mood_space(
    spaces: Iterable[Space], modality: Modality, heads: Heads = EMBEDDED
) -> tuple[Space, MoodHead] | None:
    """The space of a modality whose vectors have a head, with the head; None if there is none."""
    for space in spaces:
        if space.modality == modality and modality in SIDE_OF:
            head = heads.find(space)
            if head is not None:
                return space, head
    return None


def measure_mood(
    embeddings: Sequence[Embeddings], modality: Modality, heads: Heads = EMBEDDED
) -> MoodTrack | None:
    """The mood of one side of a video, as a whole and over time.

    Args:
        embeddings: of the video, in any number of spaces.
        modality: "frames" for the picture, "audio" for the sound.
        heads: of the library.

    Returns:
        None if there are no vectors, or no head for them, or not as many of each view.
    """
    found = find_mood_space([made.space for made in embeddings], modality, heads)
    if found is None:
        return None
    space, head = found
    views = {made.space.view: made for made in embeddings if made.space.modality == modality}
    counts = {len(views[view].vectors) if view in views else 0 for view in head.views}
    if len(counts) != 1 or 0 in counts:
        return None
    vectors = head.join({view: views[view].vectors for view in head.views})
    starts = [segment.start_seconds or 0.0 for segment in views[space.view].segments]
    seconds = np.array(starts, dtype=np.float64)
    points, whole, place = head.measure(vectors, seconds)
    valence, arousal, confidence = whole.astype(np.float64).clip(0, 1).round(DIGITS).tolist()
    return MoodTrack(
        SIDE_OF[modality],
        head.revision,
        Mood(valence, arousal, confidence),
        thin_curve(seconds.astype(np.float32), points.clip(0, 1)),
        place,
    )


def thin_curve(seconds: Matrix, points: Matrix) -> MoodCurve:
    """A curve of at most `MAX_POINTS` points: the means of runs of equal length.

    Args:
        seconds: (n,) float32, rising.
        points: (n, 3) float32 from 0 to 1.
    """
    run = math.ceil(len(seconds) / MAX_POINTS) or 1
    firsts = np.arange(0, len(seconds), run)
    lengths = np.diff(firsts, append=len(seconds))[:, None]
    if run > 1:
        points = (np.add.reduceat(points, firsts, axis=0) / lengths).astype(np.float32).clip(0, 1)
    return MoodCurve(seconds[firsts], points)
