"""The similarities of a query, or of videos, as surprise against the library's own backgrounds."""

from collections.abc import Sequence

import numpy as np

from indexer.encoders import Encoders
from search.backgrounds import Kind, obtain_background
from search.calibration import find_surprise
from search.encode import EncodedPart
from search.fusion import FloatArray
from store.library import Library
from store.records import Space

# Text that is typed is like nothing in the library; other queries are pieces of videos.
_KINDS: dict[str, Kind] = {"text": "words", "lyric": "words"}


def calibrate_parts(
    library: Library,
    encoders: Encoders,
    parts: Sequence[EncodedPart],
    similarities: FloatArray,
    video_ids: Sequence[str],
) -> FloatArray:
    """The surprise of (parts, videos) cosines of a query; NaN where they are."""
    surprises = np.full(similarities.shape, np.nan)
    for row, part in enumerate(parts):
        kind = _KINDS.get(part.part.kind, "clip")
        found = obtain_background(library, part.space, kind, encoders)
        surprises[row] = find_surprise(similarities[row], found.level_of(video_ids), found.scale)
    return surprises


def calibrate_pairs(
    library: Library,
    encoders: Encoders,
    space: Space,
    similarities: FloatArray,
    video_ids: Sequence[str],
    other_ids: Sequence[str],
) -> FloatArray:
    """The surprise of (videos, others) cosines of whole videos, the same both ways.

    A pair's level is the mean of both videos' levels.
    """
    found = obtain_background(library, space, "video", encoders)
    levels = (found.level_of(video_ids)[:, None] + found.level_of(other_ids)) / 2
    return find_surprise(similarities, levels, found.scale)
