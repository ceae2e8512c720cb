"""Runs queries with known answers against a library and records how the answers rank."""

import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.parallel import map_in_threads
from mvsearch.indexer.progress import Progress, Silence, count_steps
from mvsearch.search.evaluation.cross_modal.measure import measure_joint
from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.feedback.spared_lists import count_spared_lists
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip, cut_frame, cut_mix
from mvsearch.search.evaluation.queries.distortion.distortions import DISTORTIONS
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.search.evaluation.queries.originals import Originals
from mvsearch.search.evaluation.queries.sample import SampleOptions, sample_queries
from mvsearch.search.evaluation.query_runner import Analysed, QueryRunner, find_holders
from mvsearch.search.evaluation.similar_songs import rank_similar
from mvsearch.search.options import choose_fusion
from mvsearch.search.query.query import QueryPart
from mvsearch.store.errors import MediaError
from mvsearch.store.library import Library
from mvsearch.store.records import MODALITIES


@dataclass(frozen=True, slots=True)
class BenchmarkOptions:
    """How a library is evaluated.

    Attributes:
        sample: which queries.
        workers: number of clips cut and analysed in parallel; None for one per core.
        labels: CSV files with valence and arousal; see `cross_modal.labels`.
    """

    sample: SampleOptions = field(default_factory=SampleOptions)
    workers: int | None = None
    labels: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A query ready to run on every library, or why it could not be made."""

    query: KnownQuery
    part: QueryPart
    analysed: tuple[Analysed, ...] = ()
    cut_error: MediaError | None = None


def compare_profiles(
    library: Library,
    libraries: Sequence[tuple[Library, Encoders]],
    groups: Groups,
    options: BenchmarkOptions,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> list[Evaluation]:
    """Sample queries from a library, cut each once, and run it under each profile.

    Args:
        library: the source of the queries.
        libraries: libraries of the same videos, each with the encoders of its profile.
        groups: videos that count as right answers for each other.
        options: the sample of queries and the number of workers.
        progress: of the stages "queries", "similar", "own-sound", "quadrants" and "feedback".
        stop: when set, no further query is started, and `progress` ends the run.

    Returns:
        One evaluation per library, in their order.

    Raises:
        MvsearchError: a library is empty, or its encoders cannot search it.
    """
    runners = [
        QueryRunner(profile_library, encoders, groups) for profile_library, encoders in libraries
    ]
    with tempfile.TemporaryDirectory(prefix="mvsearch-") as folder:
        told = progress or Silence()
        stop = stop or threading.Event()
        return _Benchmark(library, runners, options, Path(folder), told, stop).run()


@dataclass(frozen=True, slots=True, eq=False)
class _Benchmark:
    """One run over the library under each profile; `folder` has the files of the queries."""

    library: Library
    runners: Sequence[QueryRunner]
    options: BenchmarkOptions
    folder: Path
    progress: Progress
    stop: threading.Event

    def run(self) -> list[Evaluation]:
        """Run all queries."""
        sample = self.options.sample
        n_videos = self.library.catalog.n_videos()
        holders = find_holders(self.library)
        held = [m for m in MODALITIES if holders.get(m)]
        groups = self.runners[0].groups
        queries = sample_queries(self.library, held, groups, sample)
        n_systems = sum(len(runner.systems) for runner in self.runners)
        self.progress.note(
            f"{len(queries)} queries from {n_videos} videos, each by {n_systems} systems"
        )
        outcomes, failed = self._run_all(queries)
        notes = (*groups.notes, *_note_missing(sample, queries), *_count_failures(failed))
        return [
            self._sum_up(runner, asked, notes)
            for runner, asked in zip(self.runners, outcomes, strict=True)
        ]

    def _sum_up(
        self, runner: QueryRunner, outcomes: Sequence[Outcome], notes: tuple[str, ...]
    ) -> Evaluation:
        """Add the similar-songs and the cross-modal outcomes to those of the queries."""
        sample = self.options.sample
        n_videos = runner.library.catalog.n_videos()
        fusion = choose_fusion(runner.encoders)
        similar: list[Outcome] = []
        hubness: Hubness | None = None
        if "similar" in sample.kinds and n_videos > 1:
            similar, hubness = rank_similar(
                runner.engine, runner.systems, runner.groups, fusion, self.progress
            )
        joint, remarks = measure_joint(
            runner.library,
            runner.encoders,
            runner.groups,
            sample,
            self.options.labels,
            self.progress,
        )
        vague: list[Outcome] = []
        if "feedback" in sample.kinds:
            vague, more = count_spared_lists(runner.library, runner.encoders, sample, self.progress)
            remarks = [*remarks, *more]
        return Evaluation(
            library=self.library.name,
            profile=runner.encoders.label,
            seed=sample.seed,
            n_videos=n_videos,
            outcomes=(*outcomes, *similar, *joint, *vague),
            hubness=hubness,
            notes=(*notes, *remarks),
            fusion=fusion,
        )

    def _run_all(
        self, queries: Sequence[KnownQuery]
    ) -> tuple[list[list[Outcome]], list[MediaError]]:
        """Cut and analyse in parallel, and search in this thread, in the order of the queries."""
        answered: dict[int, list[list[Outcome]]] = {}
        failed: list[MediaError] = []
        n_workers = self.options.workers or os.cpu_count() or 1
        prepare = partial(self._prepare, Originals(self.folder, queries))
        count = count_steps(self.progress, "queries")
        for n_done, (number, ready) in enumerate(
            map_in_threads(prepare, enumerate(queries), n_workers, self.stop), start=1
        ):
            if ready.cut_error is not None:
                failed.append(ready.cut_error)
            else:
                answered[number] = [
                    list(runner.run(ready.query, ready.part, analysed))
                    for runner, analysed in zip(self.runners, ready.analysed, strict=True)
                ]
            if ready.query.kind != "lyric":
                ready.part.path.unlink(missing_ok=True)
            count(n_done, len(queries))
        in_order = [answered[number] for number in sorted(answered)]
        return [
            [outcome for asked in in_order for outcome in asked[at]]
            for at in range(len(self.runners))
        ], failed

    def _prepare(
        self, originals: Originals, numbered: tuple[int, KnownQuery]
    ) -> tuple[int, _Prepared]:
        """Make the file of a query once, and analyse it with the encoders of every profile."""
        number, query = numbered
        if query.kind == "lyric":
            part = QueryPart("lyric", query.text)
        else:
            out = self.folder / f"{number}.{'png' if query.is_picture else 'mkv'}"
            part = QueryPart("image" if query.is_picture else "clip", str(out))
            try:
                _make_file(query, originals, out)
            except MediaError as error:
                return number, _Prepared(query, part, cut_error=error)
        analysed = tuple(runner.analyse(query, part) for runner in self.runners)
        return number, _Prepared(query, part, analysed)


def _make_file(query: KnownQuery, originals: Originals, out: Path) -> None:
    """Cut the clip, mix or picture of a query, with its distortion."""
    distortion = DISTORTIONS[query.distortion]
    if query.kind == "mix" and query.backdrop is not None:
        cut_mix(query.source.path, query.start_seconds, query.seconds, query.backdrop, out)
    elif query.kind == "clip":
        with originals.borrow(query) as original:
            cut_clip(original, 0.0, query.seconds, distortion, out, query.seed, query.backdrop)
    else:
        cut_frame(
            query.source.path, query.start_seconds, distortion, out, query.seed, query.backdrop
        )


def _note_missing(sample: SampleOptions, queries: Sequence[KnownQuery]) -> list[str]:
    """One line where queries in time are asked for and there are none."""
    if "in-time" not in sample.kinds or any(query.kind == "in-time" for query in queries):
        return []
    return ["in time: no video has a picture and, after it, a timed lyric line of its own"]


def _count_failures(failed: Sequence[MediaError]) -> list[str]:
    """One line on the queries that could not be made, with the first reason."""
    if not failed:
        return []
    reasons = sorted({str(error) for error in failed})
    return [f"{len(failed)} queries could not be made; one reason: {reasons[0]}"]
