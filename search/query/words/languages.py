"""Decides by language in which spaces lyrics are compared with words."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import find_languages
from mvsearch.indexer.encoders.text.language import detect_language
from mvsearch.search.query.encode import EncodedPart
from mvsearch.store.catalog.writing import Catalog

Hidden = npt.NDArray[np.bool_]


def find_hidden(catalog: Catalog, parts: Sequence[EncodedPart], video_ids: Sequence[str]) -> Hidden:
    """Which videos are not compared with which part, because another space serves them better.

    Words are compared with lyrics in the profile's own space of lyrics and in those of encoders for
    many languages. Across languages the own one is hidden: its encoder knows one language. Of
    several for many languages, those are hidden that do not know the language.

    Returns:
        (parts, videos) bool.
    """
    hidden = np.zeros((len(parts), len(video_ids)), dtype=np.bool_)
    for row, part in enumerate(parts):
        others = [o for o in range(row + 1, len(parts)) if _asks_the_same(part, parts[o])]
        is_first = not any(_asks_the_same(part, other) for other in parts[:row])
        language = detect_language(part.part.value) if others and is_first else None
        if language is not None:
            known = {other: find_languages(parts[other].space.encoder) for other in others}
            stated = {other: languages for other, languages in known.items() if languages}
            rows = [row, *sorted(stated, key=lambda other: len(stated[other]))]
            knowing = [stated[other] for other in rows[1:]]
            hidden[rows] = _choose_encoders(catalog, language, knowing, video_ids)
    return hidden


def _choose_encoders(
    catalog: Catalog,
    language: str,
    known: Sequence[frozenset[str]],
    video_ids: Sequence[str],
) -> Hidden:
    """Which videos are hidden from the own encoder, and from each of those for many languages.

    Args:
        catalog: of the library.
        language: of the words.
        known: the languages of each encoder for many, the fewest first. Of those that know the
            language of a song, the first is the best.
        video_ids: the columns.

    Returns:
        (1 + encoders, videos) bool.
    """

    def find_sung_in_others(languages: Collection[str]) -> Hidden:
        found = catalog.find_sung_in_others(languages)
        return np.array([video_id in found for video_id in video_ids], dtype=np.bool_)

    is_able = [language in languages for languages in known]
    if any(is_able) and not all(is_able):
        # The rest, and the own, know a language by its letters: songs in it would come first.
        rows = np.array([True, *(not one for one in is_able)], dtype=np.bool_)
        return np.repeat(rows[:, None], len(video_ids), axis=1)
    is_other = find_sung_in_others([language])
    able = np.array([~find_sung_in_others(languages) for languages in known], dtype=np.bool_)
    able = able.reshape(len(known), len(video_ids))
    is_first = able & (np.cumsum(able, axis=0) == 1)
    return np.vstack([is_other, is_other & able.any(axis=0) & ~is_first])


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
