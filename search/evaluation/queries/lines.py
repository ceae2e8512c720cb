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
class QueryLine:
    """A lyric line that identifies its song.

    Attributes:
        text: as stored.
        spans: start and end of each occurrence; empty without times.
    """

    text: str
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class QueryLines:
    """The lyric lines of a library that can be queries.

    Attributes:
        unique: by video, the lines that only it and its right answers contain.
        rephrased: by video with other right answers with lyrics, the lines that only it contains.
        singers: ids of all videos with lyrics.
    """

    unique: Mapping[str, tuple[QueryLine, ...]]
    rephrased: Mapping[str, tuple[QueryLine, ...]]
    singers: frozenset[str]


def read_lines(library: Library, videos: Iterable[Video], groups: Groups) -> QueryLines:
    """Read all lyrics of a library, and choose the lines that can be queries."""
    sung: dict[str, dict[str, list[LyricLine]]] = {}
    owners: dict[str, set[str]] = defaultdict(set)
    for video in videos:
        lyrics = library.catalog.lyrics(video.id)
        lines = [line for line in lyrics.lines if line.rejected is None] if lyrics else []
        for line in lines:
            key = " ".join(_WORD.findall(line.text.casefold()))
            sung.setdefault(video.id, {}).setdefault(key, []).append(line)
            owners[key].add(video.id)
    unique: dict[str, tuple[QueryLine, ...]] = {}
    rephrased: dict[str, tuple[QueryLine, ...]] = {}
    for video_id, by_key in sung.items():
        answers = groups.find_answers(video_id, _ALONE) & sung.keys()
        own = {video_id} | answers
        telling = {key for key in by_key if _is_distinctive(key) and owners[key] <= own}
        alone = {key for key in telling if answers and owners[key] == {video_id}}
        unique[video_id] = tuple(_make_line(by_key[key]) for key in by_key if key in telling)
        rephrased[video_id] = tuple(_make_line(by_key[key]) for key in by_key if key in alone)
    return QueryLines(unique, rephrased, frozenset(sung))


def draw_lines(lines: tuple[QueryLine, ...], n: int, draw: random.Random) -> list[QueryLine]:
    """Draw at most n distinct lines in random order."""
    return draw.sample(lines, min(n, len(lines)))


def _is_distinctive(key: str) -> bool:
    words = key.split()
    return len(words) >= MIN_WORDS and sum(map(len, words)) >= MIN_LETTERS


def _make_line(lines: list[LyricLine]) -> QueryLine:
    spans = [
        (line.start_seconds, line.end_seconds)
        for line in lines
        if line.start_seconds is not None and line.end_seconds is not None
    ]
    return QueryLine(lines[0].text, tuple(spans))
