"""Decides by language in which spaces lyrics are compared with words."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.text.language import detect_language
from mvsearch.search.query.encode import EncodedPart
from mvsearch.store.catalog.writing import Catalog

Hidden = npt.NDArray[np.bool_]


def find_hidden(catalog: Catalog, parts: Sequence[EncodedPart], video_ids: Sequence[str]) -> Hidden:
    """Which videos are not compared with which part, because another space serves them better.

    Words are compared with lyrics in the profile's own space of lyrics and in those of encoders for
    many languages. Across languages the own one is hidden: its encoder knows one language.

    Returns:
        (parts, videos) bool.
    """
    hidden = np.zeros((len(parts), len(video_ids)), dtype=np.bool_)
    for row, part in enumerate(parts):
        others = [other for other in parts[row + 1 :] if _asks_the_same(part, other)]
        is_first = not any(_asks_the_same(part, other) for other in parts[:row])
        language = detect_language(part.part.value) if others and is_first else None
        if language is not None:
            sung = catalog.find_sung_in_others(language)
            hidden[row] = [video_id in sung for video_id in video_ids]
    return hidden


def find_own_lines(parts: Sequence[EncodedPart], n_videos: int) -> Hidden:
    """Which parts compare words with lyrics in the profile's own space, beside another space.

    Returns:
        (parts, videos) bool, the same for all videos.
    """
    own = [
        any(_asks_the_same(part, other) for other in parts[row + 1 :])
        for row, part in enumerate(parts)
    ]
    return np.repeat(np.array(own, dtype=np.bool_)[:, None], n_videos, axis=1)


def _asks_the_same(one: EncodedPart, other: EncodedPart) -> bool:
    """Whether both are the same words, encoded for two spaces of lyrics."""
    return one.part is other.part and one.modality == other.modality == "lyrics"
