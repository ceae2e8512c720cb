"""Converts embeddings to table rows and back."""

import math
from typing import Any

import numpy as np

from mvsearch.store.database.blobs import (
    Seconds,
    StoredVectors,
    normalise,
    pack_seconds,
    pack_vectors,
    unpack_seconds,
    unpack_vectors,
)
from mvsearch.store.database.columns import MAX_SECONDS, checks_rows
from mvsearch.store.database.tables import EmbeddingRow
from mvsearch.store.landmarks.packing import pack_peaks, unpack_peaks
from mvsearch.store.records import Embeddings, Segment, SoundPeaks, Space


def embeddings_to_row(video_id: str, embeddings: Embeddings, generation: int) -> EmbeddingRow:
    """Embeddings as a row, with the generation of the space at which they are written."""
    texts = [segment.text for segment in embeddings.segments]
    return EmbeddingRow(
        video_id=video_id,
        space_key=embeddings.space.key,
        starts=pack_seconds(segment.start_seconds for segment in embeddings.segments),
        ends=pack_seconds(segment.end_seconds for segment in embeddings.segments),
        texts=texts if any(texts) else None,
        vectors=pack_vectors(embeddings.vectors),
        generation=generation,
        peaks=None if embeddings.peaks is None else pack_peaks(embeddings.peaks),
    )


@checks_rows
def row_to_embeddings(row: EmbeddingRow, space: Space) -> Embeddings:
    """A row as embeddings."""
    starts, ends = unpack_spans(row.starts, row.ends)
    texts = read_texts(row) or [""] * len(starts)
    segments = tuple(
        Segment(None if math.isnan(start) else start, None if math.isnan(end) else end, text)
        for start, end, text in zip(starts.tolist(), ends.tolist(), texts, strict=True)
    )
    vectors = normalise(unpack_vectors(row.vectors, space.dim))
    peaks = None if row.peaks is None else unpack_peaks(row.peaks)
    return Embeddings(space, segments, vectors, peaks)


@checks_rows
def row_to_vectors(row: Any, dim: int, version: int) -> StoredVectors:
    """A row with the columns of `EmbeddingRow` as vectors as stored."""
    vectors = unpack_vectors(row.vectors, dim)
    starts, ends = unpack_spans(row.starts, row.ends)
    if not len(vectors) == len(starts) == len(ends):
        raise ValueError(f"{len(vectors)} vectors of {row.video_id} have {len(starts)} times")
    return StoredVectors(row.video_id, vectors, starts, ends, version)


@checks_rows
def row_to_peaks(row: Any) -> SoundPeaks:
    """The peaks of a row that has them."""
    return unpack_peaks(row.peaks)


@checks_rows
def unpack_spans(starts: bytes, ends: bytes) -> tuple[Seconds, Seconds]:
    """The start and end times (n,) of segments in seconds, NaN for none."""
    firsts, lasts = unpack_seconds(starts), unpack_seconds(ends)
    if len(firsts) != len(lasts):
        raise ValueError(f"{len(firsts)} segments start and {len(lasts)} end")
    is_timed = (firsts >= 0) & (firsts <= lasts) & (lasts <= MAX_SECONDS)
    if not np.all(is_timed | (np.isnan(firsts) & np.isnan(lasts))):
        raise ValueError("segments have impossible times")
    return firsts, lasts


@checks_rows
def read_texts(row: Any) -> list[str]:
    """The texts of a row's segments; empty if it has none."""
    texts = row.texts or []
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"a text of {row.video_id} is not a string")
    return list(texts)


def read_uniform(stored: bytes) -> list[float]:
    """The times, in seconds, of uniform frames."""
    times, _ = unpack_spans(stored, stored)
    return list(map(float, times))
