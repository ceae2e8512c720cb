"""Evaluates a library under one or several profiles."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.pipeline.profile_libraries import open_profile_libraries
from mvsearch.search.api.session import Session
from mvsearch.search.api.watching import AnyProgress
from mvsearch.search.evaluation.benchmark import BenchmarkOptions, compare_profiles
from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.queries.arguments import choose_groups
from mvsearch.search.evaluation.queries.sample import SampleOptions


def evaluate(
    session: Session,
    sample: SampleOptions | None,
    profiles: Sequence[str],
    groups: Sequence[Path],
    labels: Sequence[Path],
    workers: int | None,
    progress: AnyProgress,
    cancel: threading.Event | None,
) -> list[Evaluation]:
    """See `VideoLibrary.evaluate`."""
    with session.using() as library, session.watching(progress, cancel) as watched:
        chosen = choose_groups(library, groups)
        names = list(profiles) or [session.engine(library).encoders.name]
        with open_profile_libraries(
            library, names, progress=watched, stop=watched.stop
        ) as libraries:
            evaluations = compare_profiles(
                library,
                [(each.library, each.encoders) for each in libraries],
                chosen,
                BenchmarkOptions(sample or SampleOptions(), workers, tuple(labels)),
                progress=watched,
                stop=watched.stop,
            )
            return [
                replace(evaluation, notes=(*evaluation.notes, *each.notes))
                for evaluation, each in zip(evaluations, libraries, strict=True)
            ]
