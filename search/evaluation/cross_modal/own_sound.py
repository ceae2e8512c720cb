"""Asks with the picture of each video for its own sound, in each joint space of a library."""

from collections.abc import Sequence

import numpy as np

from mvsearch.indexer.progress import Progress, count_steps
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.joint.tables import JointTable, select
from mvsearch.search.scoring.fusion import order_best_first
from mvsearch.store.records import Matrix

STAGE = "own-sound"
# More are drawn at random: of 2,000 the interval is a few hundredths wide.
MAX_VIDEOS = 2000


def rank_own_sounds(
    tables: Sequence[JointTable], groups: Groups, seed: int, progress: Progress
) -> tuple[list[Outcome], list[str]]:
    """Rank the sound of all videos by the picture of each one, in each space.

    Only videos that a space has learned nothing from are asked and are answers.

    Args:
        tables: of the library.
        groups: the videos that share one have the same sound.
        seed: of the sample of a large library.
        progress: of the stage STAGE.

    Returns:
        The outcomes, and remarks, such as that a space has too few videos left.
    """
    count = count_steps(progress, STAGE)
    outcomes: list[Outcome] = []
    notes = []
    for n_done, table in enumerate(tables, start=1):
        asked = list_asked(table, seed)
        if len(asked) < 2:
            notes.append(
                f"own sound, {table.name}: {len(asked)} videos with picture and sound that it has"
                " not learned from: at least 2 are needed"
            )
        else:
            outcomes += _rank(table, asked, groups)
        count(n_done, len(tables))
    return outcomes, notes


def list_asked(table: JointTable, seed: int) -> list[str]:
    """The videos with both sides that a space has not learned from, at most MAX_VIDEOS."""
    both = set(table.pictures.video_ids) & set(table.sounds.video_ids)
    found = sorted(both if table.unseen is None else both & table.unseen)
    if len(found) <= MAX_VIDEOS:
        return found
    drawn = np.random.default_rng(seed).choice(len(found), MAX_VIDEOS, replace=False)
    return [found[at] for at in sorted(drawn)]


def _rank(table: JointTable, asked: Sequence[str], groups: Groups) -> list[Outcome]:
    pictures, sounds = select(table.pictures, asked), select(table.sounds, asked)
    similarities: Matrix = table.compare(pictures, sounds)
    outcomes = []
    for row, video_id in zip(similarities, asked, strict=True):
        right = groups.find_answers(video_id, ("frames", "audio")) | {video_id}
        order = order_best_first(row.astype(np.float64), asked)
        ranks = [rank for rank, at in enumerate(order, start=1) if asked[at] in right]
        outcomes.append(
            Outcome(
                source=video_id,
                query=video_id,
                kind="own-sound",
                distortion="none",
                seconds=None,
                system=table.name,
                n_videos=len(asked),
                n_relevant=len(right & set(asked)),
                relevant_ranks=tuple(ranks),
                source_rank=1 + [asked[at] for at in order].index(video_id),
            )
        )
    return outcomes
