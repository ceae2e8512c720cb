"""Finds the time ranges of a video that match a query, with their lyrics."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import numpy as np

from mvsearch.indexer.encoders import find_points
from mvsearch.search.localization.alignment import align, merge_hits
from mvsearch.search.localization.landmark_evidence import LandmarkEvidence
from mvsearch.search.localization.offset_votes import SimilarityTrack
from mvsearch.search.query.encode import EncodedPart, point_times
from mvsearch.search.query.words.lexical import WordEvidence
from mvsearch.search.query.words.tags import name_stretch
from mvsearch.search.results import Moment
from mvsearch.search.retrieval.retrieve import IndexQuery
from mvsearch.store.library import Library
from mvsearch.store.records import LINES, Matrix, Space, Video
from mvsearch.store.vectors.index import VectorIndex

# Reads the lyric lines of a video's vectors in a space.
ReadTexts = Callable[[str, Space], list[str]]

JOIN = " / "
# Below this cosine a moment would be noise.
MIN_SIMILARITY = 0.1
# Below this probability no time is given.
MIN_SUPPORT = 0.5
# Starts within it are one moment.
NEAR_SECONDS = 1.0
# The pieces of an edit are shorter than this share of it.
PIECE_SHARE = 0.9


def find_moments(
    library: Library,
    video: Video,
    parts: Sequence[tuple[EncodedPart, IndexQuery]],
    n_moments: int,
) -> tuple[Moment, ...]:
    """Find the moments of a video for a query: positions of clips first, then similar segments.

    Args:
        library: source of the lyric lines.
        video: the result.
        parts: the parts of the query, each with its vectors in the coordinates of the index.
        n_moments: maximum number for each modality.
    """
    if n_moments < 1:
        return ()
    clips = [pair for pair in parts if pair[0].duration_seconds is not None]
    others = [pair for pair in parts if pair[0].duration_seconds is None]
    found: list[Moment] = []
    for _, group in groupby(clips, key=lambda pair: id(pair[0].part)):
        pairs = list(group)
        aligned = _align_clip(video, pairs, n_moments)
        heard = [] if _is_edit(aligned, pairs) else _locate_landmarks(video, pairs)
        found += heard
        found += _leave_out_near(aligned, heard)
    like: list[Moment] = []
    for _, group in groupby(others, key=lambda pair: (id(pair[0].part), pair[0].modality)):
        queries = [query for _, query in group if query.index.count(video.id)]
        if not queries:
            continue
        # Several spaces of lyrics have the same lines: each counts by the space that suits it.
        index, n = queries[0].index, queries[0].index.count(video.id)
        alike = [query.compare(video.id) for query in queries if query.index.count(video.id) == n]
        similarities, evidence = np.maximum.reduce(alike), queries[0].evidence.get(video.id)
        words = evidence if isinstance(evidence, WordEvidence) else None
        like += find_similar_ranges(library, video, index, similarities, n_moments, words)
    like.sort(key=lambda moment: -moment.similarity)
    return tuple(_limit_each(found + like, n_moments))


def _limit_each(moments: Iterable[Moment], n_moments: int) -> list[Moment]:
    kept: list[Moment] = []
    for moment in moments:
        if sum(other.modality == moment.modality for other in kept) < n_moments:
            kept.append(moment)
    return kept


def _locate_landmarks(
    video: Video, parts: Sequence[tuple[EncodedPart, IndexQuery]]
) -> list[Moment]:
    """The places where landmarks of a clip agree with the video, if that is likely."""
    moments = []
    for part, query in parts:
        evidence = query.evidence.get(video.id)
        if not isinstance(evidence, LandmarkEvidence) or evidence.strength < MIN_SUPPORT:
            continue
        agreement, duration = evidence.match.agreement, part.duration_seconds or 0.0
        length = max(video.duration_seconds, float(query.index.spans(video.id).ends.max()))
        end = agreement.start_seconds + duration * agreement.variant.rate
        moments.append(
            Moment(
                video.id,
                part.modality,
                min(max(0.0, agreement.start_seconds), length),
                min(max(0.0, end), length),
                float(query.compare(video.id).max(axis=1).mean()),
                support=evidence.strength,
                rate=agreement.variant.rate,
                peaks=(agreement.n_agreeing, agreement.n_compared),
            )
        )
    return moments


def _is_edit(aligned: Sequence[Moment], parts: Sequence[tuple[EncodedPart, IndexQuery]]) -> bool:
    """Whether a clip was split into pieces; landmarks place only one of them."""
    whole = PIECE_SHARE * (parts[0][0].duration_seconds or 0.0)
    lengths = [((m.end_seconds or 0.0) - (m.start_seconds or 0.0)) / m.rate for m in aligned]
    return len(aligned) > 1 and max(lengths) < whole


def _leave_out_near(moments: Iterable[Moment], heard: Sequence[Moment]) -> list[Moment]:
    """The moments that are not, within a second, those that landmarks gave, and are no doubts."""
    if not heard:
        return list(moments)
    starts = [one.start_seconds or 0.0 for one in heard]
    return [
        moment
        for moment in moments
        if moment.start_seconds is not None
        and all(abs(moment.start_seconds - start) > NEAR_SECONDS for start in starts)
    ]


def _align_clip(
    video: Video, parts: Sequence[tuple[EncodedPart, IndexQuery]], n_moments: int
) -> list[Moment]:
    tracks: list[SimilarityTrack] = []
    is_calibrated = True
    ends = [video.duration_seconds]
    for part, query in parts:
        if not query.index.count(video.id):
            continue
        similarities = query.vectors @ query.index.vectors(video.id).T
        spans = query.index.spans(video.id)
        times = point_times(part.modality, spans.starts, spans.ends)
        trust = find_trust(part.space, similarities)
        is_calibrated = is_calibrated and trust is not None
        tracks.append(
            SimilarityTrack(
                part.modality, similarities, part.times, times, 1.0 if trust is None else trust
            )
        )
        ends.append(float(spans.ends.max()))
    if not tracks:
        return []
    duration = parts[0][0].duration_seconds or 0.0
    alignments = align(tracks, duration, max(ends), n_moments)
    return [
        Moment(
            video.id,
            alignment.modality,
            alignment.start_seconds,
            alignment.end_seconds,
            alignment.similarity,
            support=alignment.support if is_calibrated or alignment.start_seconds is None else None,
            rate=alignment.rate,
            is_calibrated=is_calibrated,
        )
        for alignment in alignments
    ]


def find_trust(space: Space, similarities: Matrix) -> float | None:
    """The probability that a clip is from a video, from the (q, n) cosines by a logistic curve.

    None for an encoder without operating points: only the position is then known.
    """
    points = find_points(space.encoder, space.view)
    if points is None or points.trusted is None:
        return None
    best = float(similarities.max(axis=1).mean())
    # 0.92 and 0.08 at the reach.
    return float(1 / (1 + np.exp(-2.5 * (best - points.trusted) / points.reach)))


def find_similar_ranges(
    library: Library,
    video: Video,
    index: VectorIndex,
    similarities: Matrix,
    n_moments: int,
    evidence: WordEvidence | None = None,
    read: ReadTexts | None = None,
) -> list[Moment]:
    """Find the time ranges of a video that are most similar to any vector of a set.

    Args:
        library: source of the lyric lines.
        video: the result.
        index: of the space.
        similarities: (q, n) cosines with the video's n vectors in this space.
        n_moments: maximum number.
        evidence: matching words of the n segments, already part of the similarities.
        read: reads the lines instead, if many moments are needed.

    Returns:
        At most `n_moments`, best first; none if no vector is similar.
    """
    if not similarities.size:
        return []
    best = similarities.max(axis=0)
    space = index.space
    spans = index.spans(video.id)
    starts, ends = spans.starts, spans.ends
    texts = read_texts(library, video.id, space) if read is None else read(video.id, space)
    tags = library.catalog.tags(video.id) if space.view == "words" else ()
    tags = tuple(tag for tag in tags if tag.modality == space.modality)
    moments = []
    for first, last in merge_hits(best, starts, ends, n_moments=n_moments):
        if best[first : last + 1].max() < MIN_SIMILARITY:
            continue
        is_timed = bool(np.isfinite(starts[first]))
        moments.append(
            Moment(
                video.id,
                space.modality,
                float(starts[first]) if is_timed else None,
                float(ends[first : last + 1].max()) if is_timed else None,
                float(best[first : last + 1].max()),
                JOIN.join(texts[first : last + 1])
                or name_stretch(tags, float(starts[first]), float(ends[first : last + 1].max())),
                words=() if evidence is None else evidence.words_of(first, last),
                sounds_like="" if evidence is None else evidence.sounds_of(first, last),
            )
        )
    return moments


def find_shared_moments(
    library: Library, video: Video, indexes: Iterable[VectorIndex], other: Video
) -> tuple[Moment, ...]:
    """In each space, the time range of another video that is most similar to this one."""
    moments: list[Moment] = []
    for index in indexes:
        similarities = index.vectors(video.id) @ index.vectors(other.id).T
        moments += find_similar_ranges(library, other, index, similarities, 1)
    return tuple(moments)


def read_texts(library: Library, video_id: str, space: Space) -> list[str]:
    """The lines of a video's vectors, sung or shown; empty for other modalities."""
    if space.modality not in LINES:
        return []
    texts = library.catalog.segment_texts(space.key, [video_id])
    return [line.replace("\n", JOIN) for line in texts.get(video_id, ())]
