"""Explains a similarity: pieces of a query beside the pieces of a video that match them best."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.localization.moments import JOIN, MIN_SIMILARITY, read_texts
from mvsearch.search.query.contents import find_held_spaces
from mvsearch.search.query.encode import EncodedPart, Made, encode_query, keep_constant, rows_within
from mvsearch.search.query.query import WORD_KINDS, Query
from mvsearch.search.query.words.lexical import WordEvidence, WordSearch
from mvsearch.search.results import Pair
from mvsearch.search.retrieval.retrieve import IndexQuery
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix, Segment, Video

# Pieces nearer than this to those of a better pair show the same again.
APART_SECONDS = 3.0
# Of longer media every k-th piece is compared, so that memory is bounded.
MAX_PIECES = 4000

Times = npt.NDArray[np.float64]


class _Pieces(NamedTuple):
    """The pieces of a part of a query, one for each of its vectors."""

    segments: Sequence[Segment]
    video: Video | None = None


def find_pairs(
    library: Library,
    encoders: Encoders,
    query: Query,
    video: Video,
    n_pairs: int,
    made: Made | None = None,
) -> tuple[Pair, ...]:
    """Pair the pieces of a query with those of a video that are most similar.

    No two pairs show nearly the same: of each piece, and of what is near it in time, only the best
    pair is taken. A query of one piece is paired with several of the video.

    Args:
        library: of the video.
        encoders: of the library.
        query: with at least one part.
        video: of the library.
        n_pairs: maximum number for each part and modality.
        made: see `Engine.search`.

    Raises:
        QueryError: the query cannot be read, or the library holds nothing to compare it with.
    """
    known: Made = {} if made is None else dict(made)

    def prepare(_: bool) -> list[EncodedPart]:
        with library.holding():
            held = find_held_spaces(library)
        encoded = encode_query(query.parts, library, encoders, held, made=known).parts
        for part in encoded:
            library.index(part.space)
        return list(encoded)

    pairs = library.answer(prepare, partial(_compare, library, query, video, n_pairs))
    keep_constant(made, known)
    return pairs


def _compare(
    library: Library, query: Query, video: Video, n_pairs: int, encoded: Sequence[EncodedPart]
) -> tuple[Pair, ...]:
    """The pairs of each part in each modality, as the parts and modalities follow each other."""
    words = WordSearch(library.catalog)
    pairs: list[Pair] = []
    for _, group in groupby(encoded, key=lambda one: (id(one.part), one.modality)):
        parts = [one for one in group if library.index(one.space).count(video.id)]
        if parts:
            pairs += _pair_part(library, query, video, n_pairs, parts, words)
    return tuple(pairs)


def _pair_part(
    library: Library,
    query: Query,
    video: Video,
    n_pairs: int,
    parts: Sequence[EncodedPart],
    words: WordSearch,
) -> Iterator[Pair]:
    """The pairs of one part in one modality; spaces of the same lines count by the best of them."""
    first = parts[0]
    asked = _list_pieces(library, first)
    index = library.index(first.space)
    spans, texts = index.spans(video.id), read_texts(library, video.id, first.space)
    alike, matching = _measure(library, video, parts, words)
    step_asked, step = (max(1, -(-n // MAX_PIECES)) for n in alike.shape)
    asked_times = np.array([_get_time(piece) for piece in asked.segments])
    chosen = _choose(
        alike[::step_asked, ::step], asked_times[::step_asked], spans.starts[::step], n_pairs
    )
    for row, column, similarity in chosen:
        piece, at = asked.segments[row * step_asked], column * step
        start, end = float(spans.starts[at]), float(spans.ends[at])
        is_timed = bool(np.isfinite(start))
        yield Pair(
            query.parts.index(first.part),
            first.modality,
            None if asked.video is None else asked.video.id,
            piece.start_seconds,
            piece.end_seconds,
            piece.text,
            start if is_timed else None,
            end if is_timed else None,
            texts[at] if texts else "",
            similarity,
            () if matching is None else matching.words_of(at, at),
            "" if matching is None else matching.sounds_of(at, at),
        )


def _measure(
    library: Library, video: Video, parts: Sequence[EncodedPart], words: WordSearch
) -> tuple[Matrix, WordEvidence | None]:
    """The similarities (q, n) of a part with the pieces of a video, and the words they share."""
    found: list[Matrix] = []
    matching: WordEvidence | None = None
    for part in parts:
        index = library.index(part.space)
        lines, space = part.lines, part.space
        evidence = words.find(space, lines) if lines else {}
        similarities = IndexQuery(index, index.place(part.vectors), evidence).compare(video.id)
        if found and similarities.shape != found[0].shape:
            continue
        found.append(similarities)
        matching = matching or evidence.get(video.id)
    return np.maximum.reduce(found), matching


def _list_pieces(library: Library, part: EncodedPart) -> _Pieces:
    """The text and the times of each vector of a part."""
    asked = part.part
    if asked.kind == "like":
        video = library.catalog.find_video(asked.value)
        embeddings = library.catalog.embeddings(video.id, part.space.key)
        segments = () if embeddings is None else embeddings.segments
        kept = [segments[at] for at in rows_within(segments, asked.section)]
        return _Pieces([replace(piece, text=_join(piece.text)) for piece in kept], video)
    origin = (asked.section.start_seconds if asked.section else None) or 0.0
    is_words = asked.kind in WORD_KINDS
    texts = part.lines or (asked.value if is_words else "",) * len(part.times)
    times = [None if np.isnan(at) else max(0.0, origin + float(at)) for at in part.times]
    return _Pieces([Segment(at, at, _join(text)) for at, text in zip(times, texts, strict=True)])


def _choose(
    similarities: Matrix, asked_times: Times, times: Times, n_pairs: int
) -> Iterator[tuple[int, int, float]]:
    """Choose the best pairs one after another; each leaves out what is near both of its pieces."""
    left = similarities.astype(np.float32, copy=True)
    has_several = len(left) > 1
    for _ in range(n_pairs):
        row, column = divmod(int(left.argmax()), left.shape[1])
        similarity = float(left[row, column])
        if similarity < MIN_SIMILARITY:
            return
        yield row, column, similarity
        if has_several:
            left[_find_near(asked_times, row)] = -np.inf
        left[:, _find_near(times, column)] = -np.inf


def _find_near(times: Times, at: int) -> npt.NDArray[np.bool_]:
    """Which pieces are near one in time, itself among them."""
    is_near: npt.NDArray[np.bool_] = np.abs(times - times[at]) < APART_SECONDS
    is_near[at] = True
    return is_near


def _get_time(piece: Segment) -> float:
    return np.nan if piece.start_seconds is None else piece.start_seconds


def _join(text: str) -> str:
    return text.replace("\n", JOIN)
