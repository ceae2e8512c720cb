"""Counts the lists that simulated users see until their video is shown, with and without likes."""

import random

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.progress import Progress, count_steps
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation.feedback.simulated_users import (
    LIST,
    MAX_LISTS,
    Simulation,
    User,
    VagueQuery,
    draw_queries,
)
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.options import choose_fusion
from mvsearch.store.library import Library

STAGE = "feedback"
MAX_QUERIES = 300
# Queries that have their video in the first list are left out: so many are tried for one.
MAX_TRIES = 5
SURE = User("sure")


def count_spared_lists(
    library: Library, encoders: Encoders, sample: SampleOptions, progress: Progress
) -> tuple[list[Outcome], list[str]]:
    """Let users look for videos of which they remember a tag, a mood or a word.

    Args:
        library: that they look in.
        encoders: of the library.
        sample: the number of queries, at most MAX_QUERIES, and the seed.
        progress: of the stage STAGE.

    Returns:
        An outcome of each query without its video in the first list of ten, and remarks.
    """
    n_videos = library.catalog.n_videos()
    if n_videos < 2 * LIST:
        return [], [f"feedback: {n_videos} videos fit in two lists of {LIST}, nothing to spare"]
    fusion = choose_fusion(encoders)
    simulation = Simulation.open(Engine(library, encoders), fusion)
    queries = draw_queries(library, sample.seed)
    random.Random(sample.seed).shuffle(queries)
    n_wanted = min(sample.n_clips, MAX_QUERIES)
    count = count_steps(progress, STAGE)
    outcomes: list[Outcome] = []
    n_tried = 0
    for asked in queries[: n_wanted * MAX_TRIES]:
        n_tried += 1
        if 1 < simulation.rank(asked.query).find_page(asked.target) <= MAX_LISTS:
            outcomes.append(_count(simulation, asked, sample.seed))
            count(len(outcomes), n_wanted)
        if len(outcomes) == n_wanted:
            break
    return outcomes, [
        f"feedback: {n_tried} vague queries, {len(outcomes)} of them without their video in the"
        f" first list of {LIST}, the others are left out"
    ]


def _count(simulation: Simulation, asked: VagueQuery, seed: int) -> Outcome:
    ranking = simulation.rank(asked.query)
    with_feedback = simulation.count_lists(asked, SURE, np.random.default_rng(seed))
    return Outcome(
        source=asked.target,
        query=f"{asked.target}:{asked.kind}:{asked.said}",
        kind="feedback",
        distortion="none",
        seconds=None,
        system=simulation.fusion,
        n_videos=len(ranking.video_ids),
        n_relevant=1,
        relevant_ranks=(ranking.video_ids.index(asked.target) + 1,),
        lists=(ranking.find_page(asked.target), with_feedback),
    )
