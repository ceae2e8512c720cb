"""Selects lyric lines for queries: long enough, trusted, and unique to one song."""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.store.library import Library
from mvsearch.store.records import LyricLine, Modality, Video

MIN_WORDS = 4
MIN_LETTERS = 15
_WORD = re.compile(r"[^\W_]+")
_ALONE: tuple[Modality, ...] = ("lyrics",)


@dataclass(frozen=True, slots=True)
class KnownLine:
    """A line that tells its song.

    Attributes:
        text: as it is stored.
        spans: when it is sung, each time it is; empty where the lyrics have no times.
    """

    text: str
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class KnownLines:
    """The lines of a library that can be asked with.

    Attributes:
        unique: of each video, those that nothing but it and what answers for it sings.
        rephrased: of each video, those that no video that answers for it sings in these words,
            where one does have other lyrics.
        singers: ids of all videos with lyrics.
    """

    unique: Mapping[str, tuple[KnownLine, ...]]
    rephrased: Mapping[str, tuple[KnownLine, ...]]
    singers: frozenset[str]


def read_lines(library: Library, videos: Iterable[Video], groups: Groups) -> KnownLines:
    """Read all lyrics of a library and choose what can be asked with."""
    sung: dict[str, dict[str, list[LyricLine]]] = {}
    owners: dict[str, set[str]] = defaultdict(set)
    for video in videos:
        lyrics = library.catalog.lyrics(video.id)
        lines = [line for line in lyrics.lines if line.rejected is None] if lyrics else []
        for line in lines:
            key = " ".join(_WORD.findall(line.text.casefold()))
            sung.setdefault(video.id, {}).setdefault(key, []).append(line)
            owners[key].add(video.id)
    unique: dict[str, tuple[KnownLine, ...]] = {}
    rephrased: dict[str, tuple[KnownLine, ...]] = {}
    for video_id, by_key in sung.items():
        answers = groups.find_answers(video_id, _ALONE) & sung.keys()
        own = {video_id} | answers
        telling = {key for key in by_key if _is_telling(key) and owners[key] <= own}
        alone = {key for key in telling if answers and owners[key] == {video_id}}
        unique[video_id] = tuple(_know(by_key[key]) for key in by_key if key in telling)
        rephrased[video_id] = tuple(_know(by_key[key]) for key in by_key if key in alone)
    return KnownLines(unique, rephrased, frozenset(sung))


def draw_lines(lines: tuple[KnownLine, ...], n: int, draw: random.Random) -> list[KnownLine]:
    """At most so many different lines, in the order that chance gives."""
    return draw.sample(lines, min(n, len(lines)))


def _is_telling(key: str) -> bool:
    words = key.split()
    return len(words) >= MIN_WORDS and sum(map(len, words)) >= MIN_LETTERS


def _know(lines: list[LyricLine]) -> KnownLine:
    spans = [
        (line.start_seconds, line.end_seconds)
        for line in lines
        if line.start_seconds is not None and line.end_seconds is not None
    ]
    return KnownLine(lines[0].text, tuple(spans))
