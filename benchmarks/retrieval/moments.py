"""Measures the error of moments: `python -m benchmarks.retrieval.moments LIBRARY [--seconds 5]`.

Clips are cut at random places (seeded) from the videos of a library, spoilt, and searched for.
Printed for each distortion are, of the first moment given in the clip's own video, the median and
the 90th percentile of the larger error of start and end; how often no time is given; and how often
every time given is wrong by more than two seconds. The last column is how often a time is given in
a video that the clip is not from; `--groups`, a CSV file with the columns `path` and `group`, names
videos that show or play the same, which are left out of it.
"""

import argparse
import csv
import random
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip
from mvsearch.search.evaluation.queries.distortion.distortions import DISTORTIONS
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Moment
from mvsearch.store.errors import MediaError, QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Video

ASKED = (
    *("none", "0.9× speed", "1.1× speed", "low bit-rate", "crop 70 %", "mirrored", "grey"),
    *("noise 10 dB", "picture only", "sound only"),
)
# A clip this close to the whole video has nowhere else to be.
MIN_ROOM_SECONDS = 0.6
WRONG_SECONDS = 2.0


@dataclass(slots=True)
class Tally:
    """What the clips under one distortion came to.

    Attributes:
        errors: of the first moment with a time, in seconds.
        nearest: of the nearest of all that were given.
        n_elsewhere: videos that a clip is not from, and how many of them gave a time.
    """

    n_clips: int = 0
    errors: list[float] = field(default_factory=list)
    nearest: list[float] = field(default_factory=list)
    n_elsewhere: int = 0
    n_invented: int = 0

    def add(self, moments: tuple[Moment, ...], start_seconds: float, end_seconds: float) -> None:
        """Count a clip's moments in its own video."""
        self.n_clips += 1
        off = [
            max(abs(m.start_seconds - start_seconds), abs(m.end_seconds - end_seconds))
            for m in moments
            if m.start_seconds is not None and m.end_seconds is not None
        ]
        if off:
            self.errors.append(off[0])
            self.nearest.append(min(off))

    def describe(self) -> str:
        """One row of the table."""
        if not self.errors:
            return f"{self.n_clips:6d}   no times"
        median, high = np.quantile(self.errors, [0.5, 0.9])
        unclear = 1 - len(self.errors) / self.n_clips
        wrong = np.mean(np.array(self.nearest) > WRONG_SECONDS)
        invented = self.n_invented / max(self.n_elsewhere, 1)
        return (
            f"{self.n_clips:6d} {median:8.2f} {high:8.2f} {unclear:8.2f} {wrong:8.2f} "
            f"{invented:10.3f}"
        )


def read_groups(file: Path | None) -> dict[str, set[str]]:
    """File name → groups that it is in; a column may hold several, with ";" between them."""
    groups: dict[str, set[str]] = defaultdict(set)
    if file is not None:
        with file.open(newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                groups[Path(row["path"]).name] |= set(filter(None, row["group"].split(";")))
    return groups


def choose_places(
    videos: list[Video], seconds: float, each: int, choose: random.Random
) -> list[tuple[Video, float]]:
    """Random beginnings of clips, `each` in every video with room for one."""
    return [
        (video, choose.uniform(0, video.duration_seconds - seconds))
        for video in videos
        if video.duration_seconds - seconds >= MIN_ROOM_SECONDS
        for _ in range(each)
    ]


def measure(
    engine: Engine,
    places: list[tuple[Video, float]],
    seconds: float,
    groups: dict[str, set[str]],
) -> dict[str, Tally]:
    """Ask with every place under every distortion."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    options = SearchOptions(top=engine.library.catalog.n_videos())
    with tempfile.TemporaryDirectory() as folder:
        for number, (video, start) in enumerate(places):
            own = groups.get(video.path.name, set())
            for name in ASKED:
                clip = Path(folder) / "clip.mkv"
                try:
                    cut_clip(video.path, start, seconds, DISTORTIONS[name], clip, number)
                    found = engine.search(Query((QueryPart("clip", str(clip)),)), options)
                except (
                    MediaError,
                    QueryError,
                ):  # nothing is left, such as the sound of a silent one
                    continue
                for result in found:
                    if result.video.id == video.id:
                        tallies[name].add(result.moments, start, start + seconds)
                    elif not own & groups.get(result.video.path.name, set()):
                        tallies[name].n_elsewhere += 1
                        has_time = any(m.start_seconds is not None for m in result.moments)
                        tallies[name].n_invented += has_time
    return tallies


def main() -> None:
    """Choose places, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--groups", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long the clips are")
    parser.add_argument("--clips", type=int, default=1, help="of each video")
    parser.add_argument("--places", type=int, help="at most so many, chosen at random")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    choose = random.Random(options.seed)
    with Library.open(options.library) as library:
        videos = list(library.catalog.videos())
        places = choose_places(videos, options.seconds, options.clips, choose)
        choose.shuffle(places)
        engine = Engine(library, Encoders(library.catalog.profile() or "embedded"))
        groups = read_groups(options.groups)
        tallies = measure(engine, places[: options.places], options.seconds, groups)
    columns = " ".join(f"{name:>8}" for name in ("median", "90 %", "unclear", "wrong"))
    print(f"{'':14}{'clips':>6} {columns} {'elsewhere':>10}")
    for name, tally in tallies.items():
        print(f"{name:14}{tally.describe()}")


if __name__ == "__main__":
    main()
