"""A campaign against the engine: hostile files, kills, readers beside a writer, damage, full disks.

    make campaign                                        all kinds; half an hour on two cores
    python -m tests.campaign media kills --seed 7        some kinds, from another seed on
    python -m tests.campaign --minutes 10                what can be tried in ten minutes
    python -m tests.campaign damage --seed 41 --count 1  one finding again

Kinds, each with its count (`COUNTS`) and the module that says what is done:

- media: files, side-cars, names and tags of strangers are indexed (`hostile*`, `media`)
- pictures: hostile pictures are asked with
- kills: `kill -9` while indexing, caching, removing, migrating and exporting; all tables, vectors
  and answers are then compared with an undisturbed run (`kills`)
- readers: 20 readers search while a writer removes and adds; each answer is that of one state
- memory: quiet searches in one process, which must not grow
- damage: catalogues and caches with changed bytes, rows and links
- disk: a file system without room; skipped where none may be mounted

A table says of each kind how many trials there were, how many survived, and how many were lost,
ended in a traceback, hung or grew. The exit code is 0 where these four are zero. Each finding names
its seed, which makes the same trial again; only the moment of a kill and the order of readers vary
with the machine. A hang is told by work done and not by a clock, so that a busy machine has none.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.campaign import damage, disk, kills, media, readers
from tests.campaign.tally import FAULTS, Finding, Tally, format_table

COUNTS = {
    "media": 500,
    "pictures": 150,
    "kills": 200,
    "readers": 2000,
    "memory": 2000,
    "damage": 300,
    "disk": 8,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of trial.

    Attributes:
        chunk: so many seeds are tried in one go.
        is_alone: whether its processes are so many that only one chunk runs at a time.
    """

    prepare: Callable[[Path], Any]
    run: Callable[[Tally, Any, Path, range], None]
    chunk: int
    is_alone: bool = False


KINDS = {
    "media": Kind(media.prepare, media.run, 20),
    "pictures": Kind(media.prepare_pictures, media.run_pictures, 10),
    "kills": Kind(kills.prepare, kills.run, 1),
    "readers": Kind(readers.prepare, readers.run, 400, is_alone=True),
    "memory": Kind(readers.prepare_quiet, readers.run_quiet, 2000, is_alone=True),
    "damage": Kind(damage.prepare, damage.run, 10),
    "disk": Kind(disk.prepare, disk.run, 1, is_alone=True),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of a kind is tried, and until when.

    Attributes:
        deadline: on `time.monotonic`; a chunk that has begun is brought to its end.
        tell: is given each finding at once.
    """

    seeds: range
    jobs: int = 2
    deadline: float | None = None
    tell: Callable[[Finding], None] = lambda finding: None


def run_kind(name: str, folder: Path, plan: Plan) -> Tally:
    """Try the seeds of a kind, in a folder of its own."""
    kind, tally, place = KINDS[name], Tally(name, tell=plan.tell), folder / name
    place.mkdir(parents=True)
    try:
        context = kind.prepare(place)
    except disk.NoSmallDiskError as error:
        tally.skipped = f"skipped: {error}"
        return tally
    starts = range(plan.seeds.start, plan.seeds.stop, kind.chunk)
    chunks = [range(start, min(start + kind.chunk, plan.seeds.stop)) for start in starts]
    work = partial(_run_chunk, kind, tally, context, place, plan.deadline)
    with ThreadPoolExecutor(1 if kind.is_alone else plan.jobs) as pool:
        list(pool.map(work, chunks))
    return tally


def _run_chunk(
    kind: Kind, tally: Tally, context: Any, place: Path, deadline: float | None, seeds: range
) -> None:
    if deadline is None or time.monotonic() < deadline:
        kind.run(tally, context, place, seeds)


def tell(finding: Finding) -> None:
    """Print a finding while the others are still looked for."""
    print(finding.describe(), file=sys.stderr, flush=True)


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign that the arguments ask for; 0 where nothing was found."""
    parser = argparse.ArgumentParser("python -m tests.campaign", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="all where none is named")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--count", type=int, help="trials of each kind, in place of its own number")
    parser.add_argument("--minutes", type=float, help="begin nothing new after so long")
    parser.add_argument("--jobs", type=int, default=2, help="trials side by side (2)")
    asked = parser.parse_args(words)
    unknown = set(asked.kinds) - KINDS.keys()
    if unknown:
        parser.error(f"no kind is called {', '.join(sorted(unknown))}")
    names = asked.kinds or list(KINDS)
    began, tallies = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        for at, name in enumerate(names, 1):
            seeds = range(asked.seed, asked.seed + (asked.count or COUNTS[name]))
            deadline = None
            if asked.minutes is not None:  # each kind has its share of the time
                deadline = began + asked.minutes * 60 * at / len(names)
            tallies.append(run_kind(name, Path(folder), Plan(seeds, asked.jobs, deadline, tell)))
            print(format_table(tallies[-1:]), flush=True)
    print(f"\n{format_table(tallies)}\n{(time.monotonic() - began) / 60:.1f} minutes")
    return int(any(tally.count(fault) for tally in tallies for fault in FAULTS))


if __name__ == "__main__":
    sys.exit(main())
