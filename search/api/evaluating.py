"""Evaluate a library under one profile or several."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.pipeline.profile_libraries import open_sides
from mvsearch.indexer.progress import Progress, Silence, follow
from mvsearch.search.api.session import Session
from mvsearch.search.evaluation.benchmark import BenchmarkOptions, compare_sides
from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.queries.arguments import choose_groups
from mvsearch.search.evaluation.queries.sample import SampleOptions


def evaluate(
    session: Session,
    sample: SampleOptions | None,
    profiles: Sequence[str],
    groups: Sequence[Path],
    workers: int | None,
    make_progress: Callable[[], Progress] | None,
) -> list[Evaluation]:
    """See `VideoLibrary.evaluate`."""
    make_progress = make_progress or Silence
    with session.using() as library:
        chosen = choose_groups(library, groups)
        names = list(profiles) or [session.engine(library).encoders.name]
        with open_sides(library, names, progress=make_progress) as sides:
            with make_progress() as progress:
                evaluations = compare_sides(
                    library,
                    [(side.library, side.encoders) for side in sides],
                    chosen,
                    BenchmarkOptions(sample or SampleOptions(), workers),
                    tell=follow(progress, "steps"),
                    announce=progress.note,
                )
            return [
                replace(evaluation, notes=(*evaluation.notes, *side.notes))
                for evaluation, side in zip(evaluations, sides, strict=True)
            ]
