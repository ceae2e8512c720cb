"""Encodes query parts as vectors in the spaces of a library."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders, ReadsWords
from mvsearch.search.query.analyse import Analyse, analyse_part, reading
from mvsearch.search.query.query import REACHES, WORD_KINDS, QueryPart, Section
from mvsearch.search.query.spaces import By, choose_by, choose_space, own_spaces
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import (
    LINES,
    Embeddings,
    Matrix,
    Modality,
    Segment,
    SoundPeaks,
    Space,
    Video,
)

MAX_LINES = 32


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPart:
    """One part of a query as vectors of one space.

    Attributes:
        vectors: (q, space.dim) float32 unit vectors, not yet centred by the index.
        times: (q,) float64, the time of each vector in seconds; NaN without a time.
        duration_seconds: of the clip; None if it cannot be aligned in time.
        lines: (q,) the text of each vector, if compared with lyrics or shown text.
        n_tried: number of views of the picture of which this one was chosen; see `closer_look`.
        peaks: spectral peaks of a clip's sound, with times from its start.
    """

    part: QueryPart
    space: Space
    vectors: Matrix
    times: npt.NDArray[np.float64]
    duration_seconds: float | None = None
    lines: tuple[str, ...] = ()
    n_tried: int = 1
    peaks: SoundPeaks | None = None

    @property
    def modality(self) -> Modality:
        """The modality of the space."""
        return self.space.modality


@dataclass(frozen=True, slots=True, eq=False)
class EncodedQuery:
    """The encoded parts of a query, and the videos excluded from its results."""

    parts: tuple[EncodedPart, ...]
    left_out: frozenset[str] = frozenset()


# Encoded parts that do not depend on the state of the library, by part, modality and `By`.
Made: TypeAlias = dict[tuple[QueryPart, Modality, By], list[EncodedPart]]


def keep_constant(made: Made | None, encoded: Made) -> None:
    """Add words and media in memory to the caller's, if any; a file may change."""
    if made is not None:
        made.update((key, parts) for key, parts in encoded.items() if key[0].is_constant)


def point_times(
    modality: Modality, starts: npt.NDArray[np.float64], ends: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The time of each segment: the start of a frame, the middle of a window."""
    return starts if modality == "frames" else (starts + ends) / 2


def encode_query(
    parts: Sequence[QueryPart],
    library: Library,
    encoders: Encoders,
    modalities: Collection[Modality],
    analyse: Analyse | None = None,
    made: Made | None = None,
    by: By | None = None,
) -> EncodedQuery:
    """Encode every part in each of `modalities` that it can be compared in.

    Args:
        parts: of the query.
        library: of the spaces.
        encoders: of the library's profile.
        modalities: those with vectors in the library and a weight above zero. Only their encoders
            are loaded, and none for a part of the kind `like`.
        analyse: reads a query file; by default as files of the library are analysed.
        made: encoded parts of an earlier call for the same query; new ones are added.
        by: what pictures are searched for. None for "copy" where the library can tell copies and
            the part is a picture or a clip, and "look" elsewhere.

    Raises:
        QueryError: a file cannot be read, there is nothing to compare, or the library cannot tell
            copies.
        EncoderMismatchError: the library was built with other encoders.
        VideoNotFoundError, AmbiguousVideoError: for a part of the kind `like`.
    """
    encoded: list[EncodedPart] = []
    left_out: set[str] = set()
    made = {} if made is None else made
    for part in parts:
        reached = REACHES[part.kind] if part.modality is None else (part.modality,)
        wanted = tuple(modality for modality in reached if modality in modalities)
        if not wanted:
            continue
        if part.kind == "like":
            with library.holding():
                video = library.catalog.find_video(part.value)
                encoded += encode_video(
                    part, video, library, wanted, choose_by(part, library, encoders, by)
                )
            left_out.add(video.id)
            continue
        how: dict[Modality, By] = dict.fromkeys(wanted, "look")
        if "frames" in wanted:
            how["frames"] = choose_by(part, library, encoders, by)
        missing = [modality for modality in wanted if (part, modality, how[modality]) not in made]
        if missing:
            _check_encoders(library, encoders, missing)
            found = (
                _encode_words(part, library, encoders, missing)
                if part.kind in WORD_KINDS
                else _encode_file(part, encoders, missing, analyse or analyse_part, how)
            )
            made.update({(part, m, how[m]): [e for e in found if e.modality == m] for m in missing})
        known = [each for modality in wanted for each in made[part, modality, how[modality]]]
        if not known and part.kind in ("image", "clip", "audio"):
            raise QueryError(f"{part.name} holds no {' or '.join(wanted)} to search by")
        encoded += known
    if all(one.part.is_negative for one in encoded):
        raise QueryError(_explain_no_modality([part for part in parts if not part.is_negative]))
    return EncodedQuery(tuple(encoded), frozenset(left_out))


def _explain_no_modality(parts: Sequence[QueryPart]) -> str:
    reaches = sorted({modality for part in parts for modality in REACHES[part.kind]})
    return (
        f"nothing to compare: the query reaches {' and '.join(reaches)}, which the library lacks "
        "or the weights leave out"
    )


def _check_encoders(library: Library, encoders: Encoders, modalities: Sequence[Modality]) -> None:
    """Check the spaces of the encoders in use; loading the others would take time."""
    held = library.catalog.spaces()
    asked = [s for s in held if s.modality not in modalities]
    for modality in modalities:
        is_sung = modality == "lyrics"
        used = _list_text_encoders(encoders, held) if is_sung else [encoders.get(modality)]
        asked += [space for encoder in used if encoder is not None for space in encoder.spaces]
    library.catalog.check_spaces(encoders.name, asked)


def encode_video(
    part: QueryPart,
    video: Video,
    library: Library,
    modalities: Sequence[Modality],
    by: By = "look",
) -> list[EncodedPart]:
    """Read the stored vectors of a video, or of a section of it.

    Raises:
        QueryError: there are none.
    """
    encoded = []
    own = own_spaces(library, by)
    for modality in modalities:
        space = own.get(modality)
        embeddings = library.catalog.embeddings(video.id, space.key) if space else None
        if embeddings is None:
            continue
        rows = rows_within(embeddings.segments, part.section)
        if rows.size:
            times = np.full(rows.size, np.nan)
            encoded.append(EncodedPart(part, embeddings.space, embeddings.vectors[rows], times))
    if not encoded:
        where = "at that time" if part.section else "of the modalities asked for"
        raise QueryError(f"the library holds nothing {where} of {video.title!r}")
    return encoded


def rows_within(segments: Sequence[Segment], section: Section | None) -> npt.NDArray[np.intp]:
    """The positions of the segments that a section holds; all without one."""
    if section is None:
        return np.arange(len(segments))
    return np.flatnonzero([section.holds(s.start_seconds, s.end_seconds) for s in segments])


def _encode_words(
    part: QueryPart, library: Library, encoders: Encoders, modalities: Sequence[Modality]
) -> list[EncodedPart]:
    encoded = []
    held = [space for space in library.catalog.spaces() if library.catalog.has_vectors(space.key)]
    for modality in modalities:
        # There is one vector per line, so a verse is split into lines.
        is_whole = modality == "lyrics" and encoders.profile.is_lyrics_whole
        texts = split_lines(part.value) if modality in LINES and not is_whole else (part.value,)
        for space, vectors in embed_words(texts, encoders, modality, held):
            times = np.full(len(vectors), np.nan)
            lines = texts if modality in LINES else ()
            encoded.append(EncodedPart(part, space, vectors, times, lines=lines))
    return encoded


def embed_words(
    texts: Sequence[str], encoders: Encoders, modality: Modality, held: Collection[Space]
) -> Iterator[tuple[Space, Matrix]]:
    """Encode texts as vectors that are comparable with a modality, in the spaces held of it.

    Yields:
        Each space with (texts, space.dim) float32 unit vectors, not yet centred by an index;
        nothing if the modality cannot be compared with words.
    """
    if modality == "lyrics":
        readers = [r for r in _list_text_encoders(encoders, held) if r.spaces[0] in held]
        for reader, vectors in zip(readers, _encode_side_by_side(readers, texts), strict=True):
            yield reader.spaces[0], vectors
        return
    encoder: Any = encoders.get(modality)
    if encoder is None:
        return
    if modality == "ocr":
        yield encoder.spaces[0], encoder.encode(texts)[0]
        return
    space: Space = encoder.spaces[-1]
    if isinstance(encoder, ReadsWords):
        yield space, encoder.encode_words(list(texts))


def _encode_side_by_side(readers: Sequence[Any], texts: Sequence[str]) -> list[Matrix]:
    """Encode texts with each encoder; at the first query each loads its network meanwhile."""
    if len(readers) < 2:
        return [reader.encode(list(texts))[0] for reader in readers]
    with ThreadPoolExecutor(len(readers)) as pool:
        return list(pool.map(lambda reader: reader.encode(list(texts))[0], readers))


def _list_text_encoders(encoders: Encoders, held: Collection[Space]) -> list[Any]:
    """The encoder of lyrics, and the additional ones whose spaces are held; no other is created."""
    names = {space.encoder for space in held} & set(encoders.profile.more_lyrics)
    more = encoders.more_lyrics if names else ()
    return [encoders.get("lyrics"), *(one for one in more if one.spaces[0].encoder in names)]


def split_lines(words: str) -> tuple[str, ...]:
    """The lines of a verse, at most `MAX_LINES`."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return tuple(lines[:MAX_LINES])


def _encode_file(
    part: QueryPart,
    encoders: Encoders,
    modalities: Sequence[Modality],
    analyse: Analyse,
    how: Mapping[Modality, By],
) -> list[EncodedPart]:
    with reading(part):
        found = analyse(part, encoders, modalities)
    own = {choose_space(encoders.get(m).spaces, how[m]).key for m in modalities}
    found = [e for e in found if e.space.key in own and e.segments]
    if part.kind == "image":
        return [
            EncodedPart(part, e.space, e.vectors, np.full(len(e.vectors), np.nan)) for e in found
        ]
    # Times are those of the file; the clip starts with its section.
    origin = (part.section.start_seconds if part.section else None) or 0.0
    end = max((segment.end_seconds or 0.0 for e in found for segment in e.segments), default=0.0)
    return [_with_times(part, e, origin, max(0.0, end - origin)) for e in found]


def _with_times(
    part: QueryPart, embeddings: Embeddings, origin_seconds: float, duration_seconds: float
) -> EncodedPart:
    spans = np.array([(s.start_seconds, s.end_seconds) for s in embeddings.segments], np.float64)
    times = point_times(embeddings.space.modality, spans[:, 0], spans[:, 1]) - origin_seconds
    peaks = embeddings.peaks and embeddings.peaks.since(origin_seconds)
    encoded = EncodedPart(part, embeddings.space, embeddings.vectors, times, duration_seconds)
    return replace(encoded, peaks=peaks)
