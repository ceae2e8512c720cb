"""Memory while indexing a short and a long video: `python -m benchmarks.memory`."""

import shutil
import statistics
from pathlib import Path

from benchmarks.clips import Clip, keep_clip, loop_clip
from benchmarks.program import BenchOptions, mvsearch, run_program
from benchmarks.results import Row, judge
from benchmarks.timing import run_command

GOAL_DIFFERENCE = 0.10
GOAL_BYTES = 1.5e9
SHORT_SECONDS, LONG_SECONDS = 300.0, 7200.0


def measure_rows(options: BenchOptions) -> list[Row]:
    """Row 4."""
    loops = keep_loops(options)
    lengths = list(loops)
    peaks = []
    for seconds, folder in loops.items():
        n_runs = 1 if seconds == max(lengths) else options.rounds
        peaks.append(statistics.median(read_peak(folder, options) for _ in range(n_runs)))
    ratio = peaks[1] / peaks[0]
    is_met = abs(ratio - 1) <= GOAL_DIFFERENCE and max(peaks) <= GOAL_BYTES
    return [
        Row(
            "4",
            f"peak memory of `index`, whole tree of processes, a video of {lengths[1] / 60:g} min",
            f"the same for one of {lengths[0] / 60:g} min",
            f"{ratio:.2f} x, {max(peaks) / 1e9:.2f} GB at most",
            "within 10 %, <= 1.5 GB",
            judge(is_met, is_quick=options.is_quick),
            "PSS of all processes at once, 20 times a second; 640 x 360, 5 frames a second; the"
            " long one once",
        )
    ]


def keep_loops(options: BenchOptions) -> dict[float, Path]:
    """The folders of a short and a long video, each with nothing else in it, by their seconds."""
    lengths = (8.0, 24.0) if options.is_quick else (SHORT_SECONDS, LONG_SECONDS)
    # Few frames a second, so that two hours are decoded in a minute; what is held is the same.
    source = keep_clip(options.cache / "clips", Clip(4.0 if options.is_quick else 60.0, rate=5))
    folders = {seconds: options.cache / f"looped-5-{seconds:g}" for seconds in lengths}
    for seconds, folder in folders.items():
        loop_clip(source, folder / f"looped{source.suffix}", seconds)
    return folders


def read_peak(folder: Path, options: BenchOptions) -> int:
    """Bytes at most while a folder is indexed into a new library."""
    library = options.cache / "fresh-library-of-loops"  # others run beside this one
    shutil.rmtree(library, ignore_errors=True)
    words = ("index", folder, "--library", library, "--lyrics", "off", "--json")
    cost = run_command(mvsearch(*words), is_watched=True)
    shutil.rmtree(library)
    if cost.peak_bytes is None:
        raise RuntimeError("this system does not tell what memory processes hold")
    return cost.peak_bytes


if __name__ == "__main__":
    run_program("memory", measure_rows)
