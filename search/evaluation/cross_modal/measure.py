"""Measures every joint space of a library: own sound, and quadrants where labels are given."""

from collections.abc import Sequence
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.progress import Progress
from mvsearch.search.evaluation.cross_modal.labels import read_labels
from mvsearch.search.evaluation.cross_modal.own_sound import rank_own_sounds
from mvsearch.search.evaluation.cross_modal.quadrants import rank_quadrants
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.joint.tables import read_tables
from mvsearch.store.library import Library


def measure_joint(
    library: Library,
    encoders: Encoders,
    groups: Groups,
    sample: SampleOptions,
    labels: Sequence[Path],
    progress: Progress,
) -> tuple[list[Outcome], list[str]]:
    """Run the cross-modal queries of an evaluation.

    Args:
        library: with any number of joint spaces, also none.
        encoders: of the library.
        groups: the videos that share one have the same sound.
        sample: whether own sounds are asked for, and the seed.
        labels: CSV files; without any, no quadrants are asked for.
        progress: of the stages "own-sound" and "quadrants".

    Returns:
        The outcomes, and remarks.

    Raises:
        QueryError: a file of labels is wrong.
    """
    outcomes: list[Outcome] = []
    notes: list[str] = []
    if "own-sound" not in sample.kinds and not labels:
        return outcomes, notes
    known = read_labels(labels, library) if labels else None
    with library.holding():
        tables = read_tables(library)
        if "own-sound" in sample.kinds:
            outcomes, notes = rank_own_sounds(tables, groups, sample.seed, progress)
        if known is not None:
            asked, more = rank_quadrants(tables, known, encoders, progress)
            outcomes, notes = outcomes + asked, [*notes, *known.notes, *more]
            if not tables:
                notes.append("the library has no space that pictures and sound share")
    return outcomes, notes
