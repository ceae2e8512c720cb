"""Measures queries whose parts lie in time: `python -m benchmarks.retrieval.in_time SONGS FOLDER`.

SONGS has songs with `.lrc` files; FOLDER keeps what is built. Videos are built of pieces of them,
of the real test media and of the pictures of `$MVSEARCH_TEST_EMOTION`, if given
(`benchmarks.retrieval.timed_videos`): each line, each piece of sound and each picture is in five
videos or more, and one video has both at once, or one within a time after the other. Printed for
each kind of query, and for two halves of the pictures, are recall@1 of the engine and of a plain
search of both parts, how often the right answer is marked weak, how often the best of a query
without its answer is not, the median error of the parts' times, and the time of a query beside that
of the plain search. A part alone tells none: it is in five videos or more.
"""

import argparse
import os
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.program import find_media
from benchmarks.retrieval.timed_videos import (
    MARGIN_SECONDS,
    N_SLOTS,
    SLOT_SECONDS,
    Shown,
    Sung,
    TimedVideo,
    build_videos,
    cut_heard,
    cut_still,
    draw_slots,
    list_shown,
    list_sung,
)
from mvsearch.indexer.encoders import Encoders
from mvsearch.search.api.library import open_library
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.encode import Made
from mvsearch.search.query.make_query import make_part as make_query_part
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Result
from mvsearch.search.temporal.expression import Expression, Leaf, Then, While
from mvsearch.store.library import Library

WITHIN_SECONDS = 5.0
HEARD_SECONDS = 4.0
# A query is asked only if its answer is the same for tolerances up to this.
UNCLEAR_SECONDS = 4.0
KINDS = ("picture while line", "picture while sound", "line then picture", "picture then picture")

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of two parts with its answer.

    Attributes:
        half: of the pieces.
        spans: when each part is there in the answer.
    """

    kind: str
    half: int
    first: QueryPart
    second: QueryPart
    answer: TimedVideo
    spans: tuple[Span, Span]

    @property
    def expression(self) -> Expression:
        """The query."""
        if "while" in self.kind:
            return While((Leaf(self.first), Leaf(self.second)))
        return Then(Leaf(self.first), Leaf(self.second), WITHIN_SECONDS)


@dataclass(slots=True)
class Tally:
    """What the queries of one kind came to."""

    right: list[bool] = field(default_factory=list)
    plain: list[bool] = field(default_factory=list)
    weak: list[bool] = field(default_factory=list)
    unmarked: list[bool] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    plain_seconds: list[float] = field(default_factory=list)

    def describe(self) -> str:
        """One row of the table."""
        shares = (self.right, self.plain, self.weak, self.unmarked)
        row = " ".join(f"{sum(one) / max(1, len(one)):8.3f}" for one in shares)
        ratio = median(a / b for a, b in zip(self.seconds, self.plain_seconds, strict=True))
        off = median(self.errors) if self.errors else float("nan")
        return (
            f"{len(self.right):4d} {row} {off:8.2f} {1000 * median(self.seconds):6.0f} {ratio:6.2f}"
        )


class Truth:
    """When each piece is there in each video."""

    def __init__(self, videos: Sequence[TimedVideo], sung: Sequence[Sung]) -> None:
        self.videos = videos
        self.sung = sung

    def find_shown(self, video: TimedVideo, piece: int) -> Span | None:
        """When a picture is shown."""
        if piece not in video.shown:
            return None
        begin = video.shown.index(piece) * SLOT_SECONDS
        return begin, begin + SLOT_SECONDS

    def find_line(self, video: TimedVideo, piece: int) -> Span | None:
        """When the line of a piece is sung."""
        if piece not in video.sung:
            return None
        begin = video.sung.index(piece) * SLOT_SECONDS
        return begin + self.sung[piece].asked[0], begin + self.sung[piece].asked[1]

    def find_sound(self, video: TimedVideo, piece: int) -> Span | None:
        """When the part of a piece that is asked with is heard."""
        if piece not in video.sung:
            return None
        begin = video.sung.index(piece) * SLOT_SECONDS + (SLOT_SECONDS - HEARD_SECONDS) / 2
        return begin, begin + HEARD_SECONDS


def is_while(one: Span, other: Span, slack: float) -> bool:
    """Whether two spans have a moment in common, or are so near."""
    return one[0] <= other[1] + slack and other[0] <= one[1] + slack


def is_then(one: Span, other: Span, slack: float) -> bool:
    """Whether some of the second follows the first within the time."""
    return other[1] > one[1] - slack and other[0] <= one[1] + WITHIN_SECONDS + slack


def list_pairs(
    kind: str, truth: Truth, n_shown: int
) -> Iterator[tuple[int, int, TimedVideo, tuple[Span, Span]]]:
    """Pieces of which exactly one video has both as asked, with a margin."""
    fits = is_while if "while" in kind else is_then
    n_first = len(truth.sung) if kind.startswith("line") else n_shown
    n_second = n_shown if kind.endswith("picture") else len(truth.sung)
    find_first = truth.find_line if kind.startswith("line") else truth.find_shown
    by_end = {"line": truth.find_line, "sound": truth.find_sound, "picture": truth.find_shown}
    find_second = by_end[kind.split()[-1]]
    for first in range(n_first):
        for second in range(n_second):
            if kind == "picture then picture" and first == second:
                continue
            pairs = [(v, find_first(v, first), find_second(v, second)) for v in truth.videos]
            both = [(v, a, b) for v, a, b in pairs if a is not None and b is not None]
            sure = [(v, (a, b)) for v, a, b in both if fits(a, b, 0.0)]
            near = [v for v, a, b in both if fits(a, b, UNCLEAR_SECONDS)]
            if len(sure) == 1 and len(near) == 1 and len(both) > 2:
                yield first, second, *sure[0]


def make_queries(
    truth: Truth, shown: Sequence[Shown], n_each: int, folder: Path, choose: random.Random
) -> list[Asked]:
    """Queries of each kind, as many of each half of the pieces."""
    folder.mkdir(exist_ok=True)
    queries = []
    for kind in KINDS:
        pairs = list(list_pairs(kind, truth, len(shown)))
        choose.shuffle(pairs)
        for half in (0, 1):
            own = [one for one in pairs if find_half(kind, one[0], one[1]) == half][:n_each]
            for first, second, answer, spans in own:
                parts = [
                    make_part(word, at, truth.sung, shown, folder, choose)
                    for word, at in ((kind.split()[0], first), (kind.split()[-1], second))
                ]
                queries.append(Asked(kind, half, parts[0], parts[1], answer, spans))
    return queries


def find_half(kind: str, first: int, second: int) -> int:
    """The half of a query by its picture: videos of one half show no picture of the other."""
    return ((first if kind.startswith("picture") else second) // N_SLOTS) % 2


def make_part(
    word: str,
    at: int,
    sung: Sequence[Sung],
    shown: Sequence[Shown],
    folder: Path,
    choose: random.Random,
) -> QueryPart:
    """A part of a query: a line, a piece of sound or a still."""
    if word == "line":
        return QueryPart("lyric", sung[at].asked[2])
    name = folder / f"{word}{at:03}-{choose.randrange(10**6):06}"
    if word == "sound":
        begin = (SLOT_SECONDS - HEARD_SECONDS) / 2
        heard = cut_heard(sung[at], begin, HEARD_SECONDS, name.with_suffix(".mp3"))
        return make_query_part("audio", heard.read_bytes())
    seconds = choose.uniform(MARGIN_SECONDS, min(6.0, SLOT_SECONDS - MARGIN_SECONDS))
    still = cut_still(shown[at], seconds, name.with_suffix(".jpg"))
    return make_query_part("image", still.read_bytes())


def measure(engine: Engine, queries: Sequence[Asked]) -> dict[tuple[str, int], Tally]:
    """Ask all, each beside a plain search of the same parts."""
    tallies: dict[tuple[str, int], Tally] = defaultdict(Tally)
    options = SearchOptions(top=1)
    made: Made = {}
    for asked in queries:
        tally = tallies[asked.kind, asked.half]
        query = Query((), expression=asked.expression)
        plain = Query((asked.first, asked.second))
        engine.search(plain, options, made=made)  # encodes the parts
        begin = time.perf_counter()
        best = engine.search(query, options, made=made)[0]
        middle = time.perf_counter()
        found = engine.search(plain, options, made=made)[0]
        tally.plain_seconds.append(time.perf_counter() - middle)
        tally.seconds.append(middle - begin)
        tally.right.append(best.video.path.name == asked.answer.path.name)
        tally.plain.append(found.video.path.name == asked.answer.path.name)
        if tally.right[-1]:
            tally.weak.append(best.is_weak)
            tally.errors += list_errors(best, asked)
            hidden = frozenset({best.video.id})
            tally.unmarked.append(not engine.search(query, options, hidden, made=made)[0].is_weak)
    return tallies


def list_errors(result: Result, asked: Asked) -> list[float]:
    """How far the place of each part is from when it is there, in seconds."""
    errors = []
    for part, (begin, end) in zip(result.parts, asked.spans, strict=True):
        if part.start_seconds is None or part.end_seconds is None:
            errors.append(float("inf"))
        else:
            errors.append(max(begin - part.end_seconds, part.start_seconds - end, 0.0))
    return errors


def build(given: argparse.Namespace, media: Path) -> list[Asked]:
    """Build and index the videos, and draw the queries."""
    choose = random.Random(given.seed)
    emotion = os.environ.get("MVSEARCH_TEST_EMOTION")
    more = Path(emotion) / "images" if emotion else None
    sung = list_sung(given.songs, given.lines, choose)
    shown = list_shown(media, more, given.videos, choose)
    videos = build_videos(given.folder, draw_slots(len(sung), len(shown), choose), sung, shown)
    print(f"{len(videos)} videos of {len(sung)} pieces of songs and {len(shown)} pictures")
    with open_library(given.folder / "library") as library:
        library.index(given.folder / "videos", progress=print)
    return make_queries(Truth(videos, sung), shown, given.each, given.folder / "asked", choose)


def main() -> None:
    """Build, index, ask, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--videos", type=int, default=120, help="at most, five for five pictures")
    parser.add_argument("--lines", type=int, default=80)
    parser.add_argument("--each", type=int, default=30, help="queries of each kind and half")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    media = find_media()
    if media is None:
        parser.error("the real test media are missing: set MVSEARCH_TEST_MEDIA")
    queries = build(given, media)
    with Library.open(given.folder / "library") as opened:
        profile = opened.catalog.profile() or "embedded"
        tallies = measure(Engine(opened, Encoders(profile)), queries)
    names = ("right", "plain", "weak", "unmarked", "error s")
    print("half 0 is for tuning, half 1 is reported")
    print(f"{'':26}    n " + " ".join(f"{name:>8}" for name in names) + "     ms  ratio")
    for (kind, half), tally in sorted(tallies.items(), key=lambda one: one[0][::-1]):
        print(f"{half} {kind:24} {tally.describe()}")


if __name__ == "__main__":
    main()
