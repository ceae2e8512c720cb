"""Asks two checkouts: `python -m benchmarks.retrieval.old_and_new MEDIA CACHE --old CHECKOUT`.

The pool is MEDIA and the distractors of `benchmarks.retrieval.hard_pool`; each checkout indexes
it into a library of its own. Queries are drawn and cut as `mvsearch evaluate` of this checkout
does, from the parts of MEDIA that no distractor has; both are asked by their command line, as a
user would. Sound distortions are asked by sound alone, hard pictures by pictures alone as well.
Right is the source and what shares a group with it.

The files of the queries and what each commit answers stay in CACHE, so that a run that was ended
goes on, and another state of this checkout is compared by asking it alone.

Absent queries are asked in a library of MEDIA alone: their sources and groups are removed before,
a quarter of the sources at a time. Printed is a table in Markdown.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.program import ROOT
from benchmarks.retrieval.checkouts import Checkout, open_checkout
from benchmarks.retrieval.hard_pool import N_DISTRACTORS, make_distractors
from benchmarks.retrieval.pool_queries import NAMES, cut_query, draw_queries, list_ways
from benchmarks.retrieval.side_by_side import Asked, format_tables, read_answer
from mvsearch.search.evaluation.queries.arguments import choose_groups
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.search.evaluation.queries.originals import Originals
from mvsearch.store.errors import MediaError
from mvsearch.store.library import Library

N_FOLDS = 4
# Asked once more without their source: what is left of a clip, and what is hardest.
ABSENT = ("none", "filmed from a screen", "picture only", "sound only", "noise 0 dB")
TOP = 10
# Of which distractors may be left out.
TOP_INSET = 400
N_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Pool:
    """Both libraries of the pool, and both of the media alone."""

    checkouts: tuple[Checkout, Checkout]
    cache: Path
    media: Path

    def index(self, folder: Path, name: str) -> None:
        """Index a folder into the libraries of this name, one after the other."""
        for checkout in self.checkouts:
            checkout.run(
                "index", folder, "--library", self.find(checkout, name), "--lyrics", "sidecar"
            )

    def find(self, checkout: Checkout, name: str) -> Path:
        """The folder of a library."""
        return self.cache / f"{name}-{checkout.name}"


def prepare_pool(pool: Pool, n_distractors: int) -> None:
    """Make distractors and libraries, unless they are there."""
    distractors = pool.cache / "distractors"
    make_distractors(pool.media, distractors, n_distractors)
    done = pool.cache / "indexed"
    if done.exists():
        return
    pool.index(pool.media, "media")
    for checkout in pool.checkouts:
        shutil.copytree(pool.find(checkout, "media"), pool.find(checkout, "pool"))
    pool.index(distractors, "pool")
    done.touch()


@dataclass(frozen=True, slots=True)
class Session:
    """What every query is asked with.

    Attributes:
        folds: of each source, the number of the library that it was removed from.
        folder: of the queries' files, which stay there.
        kept: what was answered before.
        distractors: ids of all of them.
    """

    pool: Pool
    groups: Groups
    folds: dict[str, int]
    originals: Originals
    folder: Path
    kept: "KeptAnswers"
    distractors: frozenset[str]

    def ask(self, query: KnownQuery) -> list[Asked]:
        """Ask both checkouts one query, and the same as an absent one where that is wanted."""
        try:
            words = cut_query(query, self.originals, self.folder)
        except MediaError as error:
            print(f"cannot cut {query.label} {query.distortion}: {error}", file=sys.stderr)
            return []
        libraries = ["pool"]
        if query.distortion in ABSENT:
            libraries.append(f"without-{self.folds[query.source.id]}")
        ways = [(library, way) for library in libraries for way in list_ways(query)]
        return [self.ask_once(query, words, way, library) for library, way in ways]

    def ask_once(self, query: KnownQuery, words: list[str], way: str, library: str) -> Asked:
        """Ask both checkouts in their library of this name."""
        weights = ["--weights", way] if way else []
        is_inset = query.backdrop is not None
        top = ["--top", str(TOP_INSET if is_inset else TOP)]
        right = self.groups.find_answers(query.source.id, query.modalities) | {query.source.id}
        # What is shown around an inset is found as well, in each distractor that has this shot.
        hidden = query.hidden | (self.distractors if query.hidden & self.distractors else set())
        answers, firsts = [], []
        for checkout in self.pool.checkouts:
            results, cpu_seconds = self.kept.search(
                checkout, [*words, *weights, *top], self.pool.find(checkout, library)
            )
            answer = read_answer(results, right, hidden, query.spans, query.source.id)
            answers.append(replace(answer, cpu_seconds=cpu_seconds))
            firsts.append(results[0]["video"]["title"] if results else "")
        return Asked(
            query.kind,
            query.label,
            query.distortion,
            NAMES[way],
            library != "pool",
            (answers[0], answers[1]),
            (firsts[0], firsts[1]),
            query.source.title,
        )


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """What each checkout answered, in a file for each commit with a line for each search."""

    folder: Path
    known: dict[str, tuple[list[dict[str, Any]], float]]

    @classmethod
    def read(cls, pool: Pool) -> "KeptAnswers":
        """Read the files of both checkouts; there may be none yet."""
        files = [cls.find(pool.cache, checkout) for checkout in pool.checkouts]
        lines = [line for file in files if file.exists() for line in file.open(encoding="utf-8")]
        return cls(
            pool.cache, {key: (found, spent) for key, found, spent in map(json.loads, lines)}
        )

    @staticmethod
    def find(folder: Path, checkout: Checkout) -> Path:
        """The file of a checkout."""
        return folder / f"answers-{checkout.commit}.jsonl"

    def search(
        self, checkout: Checkout, words: list[str], library: Path
    ) -> tuple[list[dict[str, Any]], float]:
        """The results and the processor time of a search."""
        key = " ".join([*words, library.name])
        if key not in self.known:
            results, done = checkout.search(words, library)
            self.known[key] = results, done.cpu_seconds
            with self.find(self.folder, checkout).open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, results, done.cpu_seconds]) + "\n")
        return self.known[key]


def ask_all(
    pool: Pool,
    queries: Sequence[KnownQuery],
    groups: Groups,
    distractors: frozenset[str],
    limit_seconds: float,
) -> list[Asked]:
    """Ask both checkouts everything, several queries at a time, or what the time allows."""
    folds = make_folds(pool, queries, groups)
    folder = pool.cache / "queries"
    folder.mkdir(exist_ok=True)
    kept = KeptAnswers.read(pool)
    began = time.monotonic()
    asked: list[Asked] = []
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(N_AT_ONCE) as threads:
        originals = Originals(Path(scratch), queries)
        session = Session(pool, groups, folds, originals, folder, kept, distractors)
        answered = threads.map(session.ask, queries)
        for n_done, found in enumerate(answered, start=1):
            asked += found
            spent = time.monotonic() - began
            if n_done % 20 == 0:
                print(f"{n_done} of {len(queries)} queries, {spent:.0f} s", file=sys.stderr)
            if spent > limit_seconds:
                threads.shutdown(cancel_futures=True)
                break
    return asked


def make_folds(pool: Pool, queries: Sequence[KnownQuery], groups: Groups) -> dict[str, int]:
    """Libraries of the media without a part of the sources each; the part of each source."""
    sources = sorted({query.source.id for query in queries})
    folds = {source: at % N_FOLDS for at, source in enumerate(sources)}
    for fold in range(N_FOLDS):
        own = {source for source, at in folds.items() if at == fold}
        gone = own.union(*(groups.find_similar(source) for source in own))
        for checkout in pool.checkouts:
            leave_out(pool, checkout, f"without-{fold}", sorted(gone))
    return folds


def leave_out(pool: Pool, checkout: Checkout, name: str, gone: Sequence[str]) -> None:
    """Copy the library of the media, and remove videos from the copy; keeps one that is there."""
    library, done = pool.find(checkout, name), pool.cache / f"{name}-{checkout.name}.json"
    if done.exists() and json.loads(done.read_text("utf-8")) == gone:
        return
    shutil.rmtree(library, ignore_errors=True)
    shutil.copytree(pool.find(checkout, "media"), library)
    for video_id in gone:
        removed = checkout.run("remove", video_id, "--library", library)
        if removed.code:
            raise SystemExit(f"{checkout.name}: cannot remove {video_id}: {removed.errors}")
    done.write_text(json.dumps(gone), "utf-8")


def main() -> None:
    """Make the pool, ask, and print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval.old_and_new", description=__doc__
    )
    parser.add_argument("media", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--old", type=Path, required=True, help="the other checkout")
    parser.add_argument("--groups", type=Path, nargs="*", default=[])
    parser.add_argument("--distractors", type=int, default=N_DISTRACTORS)
    parser.add_argument("--clips", type=int, default=40, help="of clips, pictures and lines each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0, help="of asking, then it ends")
    parser.add_argument("--out", type=Path, help="write all answers as JSON")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    with open_checkout("old", given.old) as old, open_checkout("new", ROOT) as new:
        pool = Pool((old, new), given.cache.absolute(), given.media.absolute())
        prepare_pool(pool, given.distractors)
        with Library.open(pool.find(new, "pool")) as library:
            groups = choose_groups(library, given.groups)
            queries = draw_queries(library, groups, pool.media, given.clips, given.seed)
            videos = library.catalog.videos()
            mixed = frozenset(v.id for v in videos if not v.path.is_relative_to(pool.media))
            asked = ask_all(pool, queries, groups, mixed, given.minutes * 60)
    if given.out is not None:
        given.out.write_text(json.dumps([asdict(one) for one in asked]), "utf-8")
    print(format_tables(asked))


if __name__ == "__main__":
    main()
