"""Two workers against one on eight videos: `python -m benchmarks.workers`.

One worker decodes beside the encoders, so that on two cores the most that two can gain is
2 D / (D + E), where D is the time of decoding and E that of encoding. The videos are such that
decoding decides: 1080p, and a frame every two seconds, as of videos longer than 300 s.
"""

import shutil
from pathlib import Path

from benchmarks.clips import Clip, keep_clip
from benchmarks.program import BenchOptions, mvsearch, run_program
from benchmarks.results import Row, judge
from benchmarks.timing import compare, run_command

GOAL = 1.6
N_VIDEOS = 8


def measure_rows(options: BenchOptions) -> list[Row]:
    """Row 11."""
    seconds = 3.0 if options.is_quick else 40.0
    folder = options.cache / f"eight-1080-{seconds:g}"
    for number in range(2 if options.is_quick else N_VIDEOS):
        keep_clip(folder, Clip(seconds, 1920, 1080, "flv", number))
    found = compare(
        {
            "one": lambda: index_with(1, folder, options),
            "two": lambda: index_with(2, folder, options),
        },
        options.rounds,
    )
    gain = found.ratio("one", "two")
    return [
        Row(
            "11",
            "`index --workers 2`, eight videos of a codec that one thread decodes (Sorenson)",
            "`--workers 1`",
            f"{found.describe('one', 'two')} x as fast",
            f">= {GOAL} x",
            judge(gain >= GOAL, is_quick=options.is_quick),
            f"{found.median('one'):.1f} s and {found.median('two'):.1f} s; 2 would be ideal",
        )
    ]


def index_with(n_workers: int, folder: Path, options: BenchOptions) -> float:
    """Wall seconds of indexing a folder into a new library."""
    library = options.cache / "fresh-library"
    shutil.rmtree(library, ignore_errors=True)
    words = (
        "index",
        folder,
        "--library",
        library,
        "--lyrics",
        "off",
        "--json",
        "--frame-rate",
        "0.5",
    )
    cost = run_command(mvsearch(*words, "--workers", str(n_workers)))
    shutil.rmtree(library)
    return cost.wall_seconds


if __name__ == "__main__":
    run_program("workers", measure_rows)
