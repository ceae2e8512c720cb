"""Measures two workers against one on eight videos: `python -m benchmarks.media.workers`.

One worker decodes beside the encoders, so that on two cores the most that two can gain is
2 D / (D + E), where D is the time of decoding and E that of encoding. The videos are such that
decoding decides: 1080p, and a frame every two seconds, as of videos longer than 300 s.
"""

import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.clips import Clip, keep_clip
from benchmarks.program import BenchOptions, index_afresh, run_program
from benchmarks.results import Row, judge
from benchmarks.timing import CommandCost, compare, run_command

GOAL = 1.6
N_VIDEOS = 8


def measure_rows(options: BenchOptions) -> list[Row]:
    """Row 11."""
    folder = keep_clips(options)
    files, n_busy = sorted(folder.iterdir()), []

    def index_alone() -> float:
        cost = index_with(1, folder, options)
        n_busy.append(cost.cpu_seconds / cost.wall_seconds)
        return cost.wall_seconds

    found = compare(
        {
            "one": index_alone,
            "two": lambda: index_with(2, folder, options).wall_seconds,
            "decode one": lambda: decode_all(files, 1),
            "decode two": lambda: decode_all(files, 2),
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
            f"{found.median('one'):.1f} s and {found.median('two'):.1f} s; one worker alone keeps"
            f" {statistics.median(n_busy):.1f} of {os.cpu_count()} cores busy; ffmpeg that only"
            " decodes these files by one thread, two at once, is"
            f" {found.describe('decode one', 'decode two')} x as fast as one by one",
        )
    ]


def keep_clips(options: BenchOptions) -> Path:
    """The folder of the videos; they take longer to paint than to index."""
    seconds = 3.0 if options.is_quick else 30.0
    folder = options.cache / f"eight-1080-{seconds:g}"
    for number in range(2 if options.is_quick else N_VIDEOS):
        keep_clip(folder, Clip(seconds, 1920, 1080, "flv", number))
    return folder


def index_with(n_workers: int, folder: Path, options: BenchOptions) -> CommandCost:
    """What indexing a folder into a new library takes."""
    words = ("--lyrics", "off", "--frame-rate", "0.5", "--workers", str(n_workers))
    return index_afresh(folder, options, *words)


def decode_all(files: Sequence[Path], n_at_once: int) -> None:
    """Decode the pictures of files by one thread each, and do nothing with them."""

    def decode(file: Path) -> None:
        words = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-i", str(file)]
        run_command([*words, "-map", "0:v", "-f", "null", "-"])

    with ThreadPoolExecutor(n_at_once) as pool:
        list(pool.map(decode, files))


if __name__ == "__main__":
    run_program("media.workers", measure_rows)
