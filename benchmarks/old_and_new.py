"""Asks two checkouts the same: `python -m benchmarks.old_and_new MEDIA CACHE --old CHECKOUT`.

The pool is MEDIA and the distractors of `benchmarks.hard_pool`; each checkout indexes it into a
library of its own. Queries are drawn and cut as `mvsearch evaluate` of this checkout does, from the
parts of MEDIA that no distractor has; both are asked by their command line, as a user would. Sound
distortions are asked by sound alone, hard pictures by pictures alone as well. Right is the source
and what shares a group with it.

What the old checkout answers and the files of the queries stay in CACHE, so that another state of
the new one is compared by asking it alone.

Absent queries are asked in a library of MEDIA alone: their sources and groups are removed before,
a quarter of the sources at a time. Printed is a table in Markdown.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.checkouts import Checkout, open_checkout
from benchmarks.hard_pool import N_DISTRACTORS, is_given, list_files, make_distractors
from benchmarks.program import ROOT
from benchmarks.side_by_side import Asked, format_tables, read_answer
from mvsearch.search.evaluation.queries.arguments import choose_groups
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip, cut_frame
from mvsearch.search.evaluation.queries.distortions import DISTORTIONS, NONE
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.originals import Originals
from mvsearch.search.evaluation.queries.sample import KnownQuery, SampleOptions, sample_queries
from mvsearch.search.query.spaces import own_spaces
from mvsearch.store.errors import MediaError
from mvsearch.store.library import Library

# What a query is compared by: all there is, or one modality.
BOTH, PICTURES, SOUND = "", "frames=1,lyrics=0,audio=0", "audio=1,lyrics=0,frames=0"
NAMES = {BOTH: "", PICTURES: "pictures alone", SOUND: "sound alone"}
N_FOLDS = 4
# Asked once more without their source: what is left of a clip, and what is hardest.
ABSENT = ("none", "filmed from a screen", "picture only", "sound only", "noise 0 dB")
TOP = 10
OLD, NEW = "old", "new"
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


def draw_queries(
    library: Library, groups: Groups, media: Path, n: int, seed: int
) -> list[KnownQuery]:
    """About n clips, pictures and lines with every distortion, of what no distractor has.

    Of videos that share a group, the first by path is asked for.
    """
    wanted: set[str] = set()
    allowed = {path.absolute() for path in list_files(media)}
    for video in sorted(library.catalog.videos(), key=lambda video: str(video.path)):
        if video.path.absolute() in allowed and not groups.find_similar(video.id) & wanted:
            wanted.add(video.id)
    # Of each source that gives to distractors two fifths are left out, and queries are thinned.
    options = SampleOptions(
        n_clips=6 * library.catalog.n_videos(), seed=seed, kinds=("clip", "image", "lyric")
    )
    drawn = sample_queries(library, list(own_spaces(library)), groups, options)
    kept = thin_out([query for query in drawn if is_fair(query, wanted)], n)
    # In random order, so that a run that is ended early has asked some of each.
    random.Random(seed).shuffle(kept)
    return kept


def is_fair(query: KnownQuery, wanted: set[str]) -> bool:
    """Whether a query is of a source that is asked for, and of a part that no distractor has."""
    if query.source.id not in wanted or not query.is_source_right:
        return False
    return query.kind == "lyric" or not is_given(query.start_seconds, query.source.duration_seconds)


def thin_out(queries: Sequence[KnownQuery], n: int) -> list[KnownQuery]:
    """Keep n labels of each kind, half as many clips without a picture, and as many of each source.

    Sources with few queries give what they have.
    """
    labels: dict[tuple[str, bool], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for query in queries:
        is_heard = query.kind == "clip" and query.modalities == ("audio",)
        if query.distortion == NONE:
            labels[query.kind, is_heard][query.source.id].append(query.label)
    kept: set[tuple[str, str]] = set()
    for (kind, is_heard), sources in labels.items():
        turns = max(len(own) for own in sources.values())
        order = [own[turn] for turn in range(turns) for own in sources.values() if turn < len(own)]
        kept |= {(kind, label) for label in order[: n // 2 if is_heard else n]}
    return [query for query in queries if (query.kind, query.label) in kept]


def list_ways(query: KnownQuery) -> list[str]:
    """What a query is compared by: one row of the table each."""
    if query.kind != "clip":
        return [BOTH]
    family = DISTORTIONS[query.distortion].family
    if family == "sound":
        return [SOUND]
    if family == "hard picture":
        return [PICTURES, BOTH] if "audio" in query.modalities else [PICTURES]
    return [BOTH]


def cut_query(query: KnownQuery, originals: Originals, folder: Path) -> list[str]:
    """Make the file of a query; the words of the command line for it."""
    if query.kind == "lyric":
        return ["--lyric", query.text]
    distortion = DISTORTIONS[query.distortion]
    ending = "mkv" if query.kind == "clip" else "png"
    name = zlib.crc32(f"{query.kind} {query.label} {query.distortion}".encode())
    out = folder / f"{name:08x}.{ending}"
    if out.exists():
        return [f"--{query.kind}", str(out)]
    made = out.with_name(f"unfinished-{out.name}")
    if query.kind == "clip":
        with originals.borrow(query) as original:
            cut_clip(original, 0.0, query.seconds, distortion, made, query.seed, query.backdrop)
    else:
        start = query.start_seconds
        cut_frame(query.source.path, start, distortion, made, query.seed, query.backdrop)
    made.replace(out)
    return [f"--{query.kind}", str(out)]


@dataclass(frozen=True, slots=True)
class Session:
    """What every query is asked with.

    Attributes:
        folds: of each source, the number of the library that it was removed from.
        folder: of the queries' files, which stay there.
        kept: what the old checkout answered before.
    """

    pool: Pool
    groups: Groups
    folds: dict[str, int]
    originals: Originals
    folder: Path
    kept: "KeptAnswers"

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
        right = self.groups.find_answers(query.source.id, query.modalities) | {query.source.id}
        answers, firsts = [], []
        for checkout in self.pool.checkouts:
            results, cpu_seconds = self.kept.search(
                checkout, [*words, *weights], self.pool.find(checkout, library)
            )
            answer = read_answer(results, right, query.hidden, query.spans, query.source.id)
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
    """What the old checkout answered, in a file with a line for each search."""

    file: Path
    known: dict[str, tuple[list[dict[str, Any]], float]]

    @classmethod
    def read(cls, file: Path) -> "KeptAnswers":
        """Read the file; there may be none yet."""
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return cls(file, {key: (results, spent) for key, results, spent in map(json.loads, lines)})

    def search(
        self, checkout: Checkout, words: list[str], library: Path
    ) -> tuple[list[dict[str, Any]], float]:
        """The results and the processor time of a search."""
        key = " ".join([*words, library.name])
        if checkout.name == OLD and key in self.known:
            return self.known[key]
        results, done = checkout.search(words, library, TOP)
        if checkout.name == OLD:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, results, done.cpu_seconds]) + "\n")
        return results, done.cpu_seconds


def ask_all(
    pool: Pool, queries: Sequence[KnownQuery], groups: Groups, limit_seconds: float
) -> list[Asked]:
    """Ask both checkouts everything, several queries at a time, or what the time allows."""
    folds = make_folds(pool, queries, groups)
    folder = pool.cache / "queries"
    folder.mkdir(exist_ok=True)
    kept = KeptAnswers.read(pool.cache / "old.jsonl")
    began = time.monotonic()
    asked: list[Asked] = []
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(N_AT_ONCE) as threads:
        session = Session(pool, groups, folds, Originals(Path(scratch), queries), folder, kept)
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.old_and_new", description=__doc__)
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
    with open_checkout(OLD, given.old) as old, open_checkout(NEW, ROOT) as new:
        pool = Pool((old, new), given.cache.absolute(), given.media.absolute())
        prepare_pool(pool, given.distractors)
        with Library.open(pool.find(new, "pool")) as library:
            groups = choose_groups(library, given.groups)
            queries = draw_queries(library, groups, pool.media, given.clips, given.seed)
            asked = ask_all(pool, queries, groups, given.minutes * 60)
    if given.out is not None:
        given.out.write_text(json.dumps([asdict(one) for one in asked]), "utf-8")
    print(format_tables(asked))


if __name__ == "__main__":
    main()
