"""Finds the time ranges of a video that match a query, with their lyrics."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import numpy as np

from mvsearch.indexer.encoders import find_points
from mvsearch.search.localization.alignment import AlignmentOptions, align, merge_hits
from mvsearch.search.localization.offset_votes import Track
from mvsearch.search.query.encode import EncodedPart, point_times
from mvsearch.search.query.lexical import WordEvidence
from mvsearch.search.query.tags import name_stretch
from mvsearch.search.results import Moment
from mvsearch.search.retrieval.retrieve import Ask
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix, Space, Video
from mvsearch.store.vectors.index import VectorIndex

# The lines of a video, by its id, behind its vectors in a space.
ReadTexts = Callable[[str, Space], list[str]]

JOIN = " / "
# Below this cosine nothing is alike: a moment would be no reason but noise.
MIN_SIMILARITY = 0.1


def find_moments(
    library: Library,
    video: Video,
    asked: Sequence[tuple[EncodedPart, Ask]],
    n_moments: int,
) -> tuple[Moment, ...]:
    """Find where a video answers a query: where its clips lie first, then what else is like it.

    Args:
        library: where lyric lines are read.
        video: the one found.
        asked: the parts of the query, each with its vectors as the index placed them.
        n_moments: at most so many of each modality.
    """
    if n_moments < 1:
        return ()
    clips = [pair for pair in asked if pair[0].duration_seconds is not None]
    others = [pair for pair in asked if pair[0].duration_seconds is None]
    found: list[Moment] = []
    for _, group in groupby(clips, key=lambda pair: id(pair[0].part)):
        found += _align_clip(video, list(group), n_moments)
    like: list[Moment] = []
    for _, ask in others:
        similarities, evidence = ask.compare(video.id), ask.evidence.get(video.id)
        like += find_alike(library, video, ask.index, similarities, n_moments, evidence)
    like.sort(key=lambda moment: -moment.similarity)
    return tuple(_limit_each(found + like, n_moments))


def _limit_each(moments: Iterable[Moment], n_moments: int) -> list[Moment]:
    kept: list[Moment] = []
    for moment in moments:
        if sum(other.modality == moment.modality for other in kept) < n_moments:
            kept.append(moment)
    return kept


def _align_clip(
    video: Video, asked: Sequence[tuple[EncodedPart, Ask]], n_moments: int
) -> list[Moment]:
    tracks: list[Track] = []
    is_calibrated = True
    ends = [video.duration_seconds]
    for part, ask in asked:
        if not ask.index.count(video.id):
            continue
        similarities = ask.vectors @ ask.index.vectors(video.id).T
        spans = ask.index.spans(video.id)
        times = point_times(part.modality, spans.starts, spans.ends)
        trust = find_trust(part.space, similarities)
        is_calibrated = is_calibrated and trust is not None
        tracks.append(
            Track(part.modality, similarities, part.times, times, 1.0 if trust is None else trust)
        )
        ends.append(float(spans.ends.max()))
    if not tracks:
        return []
    duration = asked[0][0].duration_seconds or 0.0
    places = align(tracks, duration, max(ends), AlignmentOptions(n_alignments=n_moments))
    return [
        Moment(
            video.id,
            place.modality,
            place.start_seconds,
            place.end_seconds,
            place.similarity,
            support=place.support if is_calibrated or place.start_seconds is None else None,
            rate=place.rate,
            is_calibrated=is_calibrated,
        )
        for place in places
    ]


def find_trust(space: Space, similarities: Matrix) -> float | None:
    """How certain it is that a clip is of a video, from the (q, n) cosines; a logistic curve.

    None where the encoder was not calibrated: where in the video it would lie is then all that can
    be told.
    """
    points = find_points(space.encoder)
    if points is None or points.trusted is None:
        return None
    best = float(similarities.max(axis=1).mean())
    # 0.92 and 0.08 at the reach.
    return float(1 / (1 + np.exp(-2.5 * (best - points.trusted) / points.reach)))


def find_alike(
    library: Library,
    video: Video,
    index: VectorIndex,
    similarities: Matrix,
    n_moments: int,
    evidence: WordEvidence | None = None,
    read: ReadTexts | None = None,
) -> list[Moment]:
    """Find the stretches of a video that are most like any vector of a set.

    Args:
        library: where lyric lines are read.
        video: the one found.
        index: of the space that is compared.
        similarities: (q, n) cosines with the video's n vectors in this space.
        n_moments: at most so many.
        evidence: what words say of the n segments, already in the similarities.
        read: gives the lines instead, where many moments are looked for.

    Returns:
        At most `n_moments`, best first; none where the video has no vectors or none is alike.
    """
    if not similarities.size:
        return []
    best = similarities.max(axis=0)
    space = index.space
    spans = index.spans(video.id)
    starts, ends = spans.starts, spans.ends
    texts = read_texts(library, video.id, space) if read is None else read(video.id, space)
    tags = library.catalog.tags(video.id) if space.view == "words" else ()
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
            )
        )
    return moments


def find_shared(
    library: Library, video: Video, indexes: Iterable[VectorIndex], other: Video
) -> tuple[Moment, ...]:
    """In each space, the stretch of another video most like any of this one."""
    moments: list[Moment] = []
    for index in indexes:
        similarities = index.vectors(video.id) @ index.vectors(other.id).T
        moments += find_alike(library, other, index, similarities, 1)
    return tuple(moments)


def read_texts(library: Library, video_id: str, space: Space) -> list[str]:
    """The lines behind a video's vectors; none where there are no words."""
    if space.modality != "lyrics":
        return []
    texts = library.catalog.segment_texts(space.key, [video_id])
    return [line.replace("\n", JOIN) for line in texts.get(video_id, ())]
