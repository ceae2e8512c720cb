"""Measures `similar --all` for growing libraries: `python -m benchmarks.large.similarity`.

Made songs of 200 s: 200 frame vectors, 160 windows of sound and 40 lines each. The report is text:
a page would want the pictures of videos that never were.
"""

import statistics
from itertools import pairwise
from pathlib import Path

from benchmarks.large.libraries import keep_songbook
from benchmarks.program import BenchOptions, mvsearch, run_program, settle_library
from benchmarks.results import Row, judge
from benchmarks.timing import fit_exponent, run_command

GOAL_STEP, GOAL_SECONDS, N_AT_GOAL = 2.3, 60.0, 1000
SIZES = (500, 1000, 2000)
# A slower report than this is made once.
LONG_SECONDS = 30.0


def measure_rows(options: BenchOptions) -> list[Row]:
    """The rows of claim 10."""
    sizes = (4, 8, 16) if options.is_quick else SIZES
    seconds = {size: time_report(size, options) for size in sizes}
    steps = [seconds[twice] / seconds[once] for once, twice in pairwise(sizes)]
    power = fit_exponent(sizes, list(seconds.values()))
    listed = ", ".join(f"{took:.1f} s for {size:,}" for size, took in seconds.items())
    at_goal = seconds.get(N_AT_GOAL, 0.0)
    return [
        Row(
            "10",
            "`similar --all --format txt`, twice the songs",
            "half the songs",
            " and ".join(f"{step:.2f}" for step in steps) + f" x, exponent {power:.2f}",
            f"< {GOAL_STEP} x",
            judge(max(steps) < GOAL_STEP, is_quick=options.is_quick),
            f"{listed}; a report of over {LONG_SECONDS:.0f} s is made once, others three"
            " times; files in the page cache",
        ),
        Row(
            "10",
            f"`similar --all --format txt` for {N_AT_GOAL:,} songs",
            "-",
            f"{at_goal:.0f} s",
            f"<= {GOAL_SECONDS:.0f} s",
            judge(at_goal <= GOAL_SECONDS, is_quick=options.is_quick),
        ),
    ]


def time_report(n_songs: int, options: BenchOptions) -> float:
    """Wall seconds of the whole command."""
    made = keep_songbook(options.cache, n_songs)
    settle_library(made)
    page = options.cache / "report.txt"

    def report() -> float:
        return write_report(made.folder, page)

    read_all(made.folder)
    took = [report()]
    if took[0] <= LONG_SECONDS and not options.is_quick:
        took += [report(), report()]
    return statistics.median(took)


def read_all(folder: Path) -> None:
    """Bring files into the page cache: which of them the system still holds must not decide."""
    for path in filter(Path.is_file, folder.rglob("*")):
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass


def write_report(library: Path, page: Path) -> float:
    """Wall seconds of one report."""
    words = ("similar", "--all", "--format", "txt", "--library", library)
    return run_command(mvsearch(*words, "--out", page, "--force")).wall_seconds


if __name__ == "__main__":
    run_program("large.similarity", measure_rows)
