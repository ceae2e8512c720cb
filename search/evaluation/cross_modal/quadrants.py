"""Asks with pictures of known mood for sound of the same quadrant of valence and arousal."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.progress import Progress, count_steps
from mvsearch.search.evaluation.cross_modal.labels import Label, Labels
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.joint.places import Places
from mvsearch.search.joint.tables import JointTable, select
from mvsearch.search.scoring.fusion import order_best_first
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Embeddings, Matrix

STAGE = "quadrants"

# The name of a query, its label, and where it lies.
Asked = tuple[str, Label, Matrix]


def rank_quadrants(
    tables: Sequence[JointTable], labels: Labels, encoders: Encoders, progress: Progress
) -> tuple[list[Outcome], list[str]]:
    """Rank the labelled sound of a library by each labelled picture, in each space.

    Without pictures of their own, the videos of the library are asked with theirs; a video's own
    sound is no answer then.

    Args:
        tables: of the library.
        labels: of pictures and videos.
        encoders: of the library, for the pictures.
        progress: of the stage STAGE.

    Returns:
        The outcomes, and remarks, such as the number of pictures that cannot be read.
    """
    made, notes = _encode_pictures(labels, encoders, progress)
    outcomes: list[Outcome] = []
    for table in tables:
        ids = [one for one in table.sounds.video_ids if one in labels.videos]
        if len(ids) < 2:
            notes.append(f"quadrants, {table.name}: fewer than two labelled sounds in the library")
            continue
        sounds = Places(tuple(ids), select(table.sounds, ids))
        for asked in _list_asked(table, labels, made):
            outcomes.append(_rank(table, asked, sounds, labels))
    return outcomes, notes


def _encode_pictures(
    labels: Labels, encoders: Encoders, progress: Progress
) -> tuple[dict[Path, Sequence[Embeddings]], list[str]]:
    from mvsearch.indexer.features.analysis import analyse_image

    count = count_steps(progress, STAGE)
    made: dict[Path, Sequence[Embeddings]] = {}
    n_bad = 0
    for n_done, path in enumerate(labels.pictures, start=1):
        try:
            made[path] = analyse_image(path, encoders)
        except MediaError:
            n_bad += 1
        count(n_done, len(labels.pictures))
    return made, [f"{n_bad} labelled pictures cannot be read"] if n_bad else []


def _list_asked(
    table: JointTable, labels: Labels, made: dict[Path, Sequence[Embeddings]]
) -> Iterator[Asked]:
    if not labels.pictures:
        ids = [one for one in table.pictures.video_ids if one in labels.videos]
        rows = zip(ids, select(table.pictures, ids), strict=True)
        yield from ((one, labels.videos[one], place) for one, place in rows)
    for path, embeddings in made.items():
        place = table.project("picture", embeddings)
        if place is not None:
            yield path.name, labels.pictures[path], place


def _rank(table: JointTable, asked: Asked, sounds: Places, labels: Labels) -> Outcome:
    name, label, place = asked
    ids = [one for one in sounds.video_ids if one != name]
    similarities = table.compare(place[None], select(sounds, ids))[0]
    order = order_best_first(similarities.astype(np.float64), ids)
    is_right = [labels.videos[ids[at]].quadrant == label.quadrant for at in order]
    return Outcome(
        source=name,
        query=name,
        kind="quadrant",
        distortion="none",
        seconds=None,
        system=table.name,
        n_videos=len(ids),
        n_relevant=sum(is_right),
        relevant_ranks=tuple(rank for rank, right in enumerate(is_right, start=1) if right),
    )
