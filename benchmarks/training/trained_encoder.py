"""Compares a trained encoder with the default: `python -m benchmarks.training.trained_encoder`.

Clips and pictures are cut from the songs that a run was trained on, at seeded places, and
distorted as by `mvsearch evaluate`. The same files are searched for by picture alone in three
ways: by the profile's vectors of copies (the default for clips and pictures), by what its own
encoder says of their look, and by the trained encoder. Other videos of the library are distractors.
Queries from the last tenth of a song, which was not trained on, are counted once more by
themselves. The library is copied, and stays as it is.

    python -m benchmarks.training.trained_encoder LIBRARY NAME --clips 14 --pictures 28
"""

import argparse
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import mvsearch
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.training.run_folder import RunFolder
from mvsearch.indexer.training.songs.in_library import attach_look
from mvsearch.search.evaluation.intervals import average_resamples, draw_resamples, span_interval
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip, cut_frame
from mvsearch.search.evaluation.queries.distortion.distortions import (
    DISTORTIONS,
    PICTURE_FAMILIES,
    names_of,
)
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.search.evaluation.queries.sample import SampleOptions, sample_queries
from mvsearch.search.evaluation.query_runner import QueryRunner
from mvsearch.search.evaluation.systems import System
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import QueryPart
from mvsearch.search.query.spaces import By
from mvsearch.store.errors import MediaError
from mvsearch.store.library import Library

WAYS: dict[str, By] = {"default, by copy": "copy", "default, by look": "look", "trained": "look"}
LAST = 0.9
CLIP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The rank of the source of a query by one way; None if it was not found."""

    query: KnownQuery
    way: str
    rank: int | None

    @property
    def is_of_last(self) -> bool:
        """Whether all of the query is from the end that was not trained on."""
        return self.query.start_seconds >= LAST * self.query.source.duration_seconds


def make_runner(library: Library, way: str) -> QueryRunner:
    """What asks a library for frames alone in one way."""
    encoders = Encoders(library.catalog.profile() or "embedded")
    attach_look(encoders, library)
    runner = QueryRunner(library, encoders, Groups({}))
    options = SearchOptions(weights={"frames": 1.0}, fusion="weighted", by=WAYS[way])
    runner.systems = [System(way, options, frozenset({"frames"}))]
    return runner


def draw_queries(
    library: Library, songs: Sequence[str], given: argparse.Namespace
) -> list[KnownQuery]:
    """Queries from the songs of the run alone."""
    kinds: dict[str, int] = {"clip": given.clips, "image": given.pictures}
    found: list[KnownQuery] = []
    n_songs, n_videos = len(songs), library.catalog.n_videos()
    for kind, n in kinds.items():
        options = SampleOptions(
            n_clips=-(-n * n_videos // n_songs),
            lengths_seconds=(CLIP_SECONDS,),
            distortions=names_of(*PICTURE_FAMILIES) if kind == "image" else given.distortions,
            kinds=(kind,),  # type: ignore[arg-type]  # both are kinds
            seed=given.seed,
        )
        found += sample_queries(library, ("frames",), Groups({}), options)
    return [query for query in found if query.source.id.startswith(tuple(songs))]


def make_file(query: KnownQuery, folder: Path) -> QueryPart:
    """Cut and distort the file of a query."""
    distortion = DISTORTIONS[query.distortion]
    start, path = query.start_seconds, query.source.path
    if query.kind == "clip":
        out = folder / "query.mkv"
        cut_clip(path, start, query.seconds, distortion, out, query.seed, query.backdrop)
        return QueryPart("clip", str(out))
    out = folder / "query.png"
    cut_frame(path, start, distortion, out, query.seed, query.backdrop)
    return QueryPart("image", str(out))


def ask_all(
    queries: Sequence[KnownQuery], runners: dict[str, QueryRunner], folder: Path
) -> Iterator[Answer]:
    """The answers of every way to every query."""
    for number, query in enumerate(queries):
        try:
            part = make_file(query, folder)
        except MediaError as error:
            print(f"left out: {query.label} {query.distortion}: {error}", flush=True)
            continue
        for way, runner in runners.items():
            outcomes: list[Outcome] = list(runner.run(query, part, runner.analyse(query, part)))
            yield Answer(query, way, outcomes[0].source_rank)
        if number % 50 == 0:
            print(f"{number} of {len(queries)}", flush=True)


def describe(answers: Sequence[Answer]) -> str:
    """Share of first ranks with its interval by song, and mean reciprocal rank."""
    sources = [answer.query.source.id for answer in answers]
    first = np.array([float(answer.rank == 1) for answer in answers])
    inverse = np.array([1 / answer.rank if answer.rank else 0.0 for answer in answers])
    resamples = draw_resamples(sources)
    interval = span_interval(average_resamples(first, resamples), resamples.n_sources)
    shown = "" if interval is None else f" ({interval.low:.2f} to {interval.high:.2f})"
    return f"{first.mean():.3f}{shown}, MRR {inverse.mean():.3f}"


def print_table(answers: Sequence[Answer]) -> None:
    """One line for each kind and distortion, one column for each way."""
    rows: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        kind = answer.query.kind
        names = [f"{kind}: all", f"{kind}: {answer.query.distortion}"]
        names += [f"{kind}: all, of the last tenth"] if answer.is_of_last else []
        for name in names:
            rows[name][answer.way].append(answer)
    print(f"| queries | n | {' | '.join(WAYS)} |")
    print(f"|---|---|{'---|' * len(WAYS)}")
    for name, ways in sorted(rows.items()):
        n = len(next(iter(ways.values())))
        print(f"| {name} | {n} | {' | '.join(describe(ways[way]) for way in WAYS)} |")


def main() -> None:
    """Copy the library, switch the copy, and ask both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training.trained_encoder")
    parser.add_argument("library", type=Path)
    parser.add_argument("name", help="of the run, in the library")
    parser.add_argument("--clips", type=int, default=14)
    parser.add_argument("--pictures", type=int, default=28)
    hard = ",".join(names_of("none", "hard picture"))
    parser.add_argument(
        "--distortions", type=lambda text: tuple(text.split(",")), default=hard, help="of clips"
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mvsearch-") as folder:
        own, switched = Path(folder, "own"), Path(folder, "switched")
        shutil.copytree(given.library, own)
        shutil.copytree(given.library, switched)
        with mvsearch.open(switched) as library:
            library.switch_encoder(given.name)
        songs = RunFolder(own / "training" / given.name).read_card().settings["songs"]
        with Library.open(own) as first, Library.open(switched) as second:
            runners = {w: make_runner(second if w == "trained" else first, w) for w in WAYS}
            queries = draw_queries(first, songs, given)
            print(f"{len(queries)} queries, {first.catalog.n_videos()} videos", flush=True)
            print_table(list(ask_all(queries, runners, Path(folder))))


if __name__ == "__main__":
    main()
