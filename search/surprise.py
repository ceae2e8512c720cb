"""The similarities of a query, or of videos, as surprise against the library's own backgrounds."""

from collections.abc import Sequence

import numpy as np

from indexer.encoders import Encoders
from search.backgrounds import Background, Kind, obtain_background
from search.calibration import find_surprise
from search.encode import EncodedPart
from search.fusion import FloatArray
from store.library import Library
from store.records import Space

# Text that is typed is like nothing in the library; other queries are pieces of videos.
_KINDS: dict[str, Kind] = {"text": "words", "lyric": "words"}


def find_backgrounds(
    library: Library, encoders: Encoders, parts: Sequence[EncodedPart]
) -> list[Background]:
    """What the similarities of each part of a query are seen against."""
    return [
        obtain_background(library, part.space, _KINDS.get(part.part.kind, "clip"), encoders)
        for part in parts
    ]


def calibrate_parts(
    backgrounds: Sequence[Background], similarities: FloatArray, video_ids: Sequence[str]
) -> FloatArray:
    """The surprise of (parts, videos) cosines of a query; NaN where they are."""
    surprises = np.full(similarities.shape, np.nan)
    for row, found in enumerate(backgrounds):
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
