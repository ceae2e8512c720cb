"""Measures memory while indexing: `python -m benchmarks.media.memory`."""

import statistics
from pathlib import Path

from benchmarks.clips import Clip, keep_clip, loop_clip, retitle_clip
from benchmarks.program import BenchOptions, index_afresh, run_program
from benchmarks.results import Row, judge

GOAL_DIFFERENCE = 0.10
GOAL_BYTES = 1.5e9
SHORT_SECONDS, LONG_SECONDS = 300.0, 7200.0
FEW_FILES, MANY_FILES = 4, 40
# Two frames a second are taken of less than 200 s: 1.3 MB of features for each of many videos.
FILE_SECONDS = 120.0


def measure_rows(options: BenchOptions) -> list[Row]:
    """Row 4: by the length of a video, and by the number of videos."""
    return [measure_length(options), measure_number(options)]


def measure_length(options: BenchOptions) -> Row:
    """The peak for a long video against that for a short one."""
    loops = keep_loops(options)
    lengths = list(loops)
    peaks = []
    for seconds, folder in loops.items():
        n_runs = 1 if seconds == max(lengths) else options.rounds
        peaks.append(statistics.median(read_peak(folder, options) for _ in range(n_runs)))
    ratio = peaks[1] / peaks[0]
    is_met = abs(ratio - 1) <= GOAL_DIFFERENCE and max(peaks) <= GOAL_BYTES
    return Row(
        "4",
        f"peak memory of `index`, whole tree of processes, a video of {lengths[1] / 60:g} min",
        f"the same for one of {lengths[0] / 60:g} min",
        f"{ratio:.2f} x, {max(peaks) / 1e9:.2f} GB at most",
        "within 10 %, <= 1.5 GB",
        judge(is_met, is_quick=options.is_quick),
        "without Whisper; PSS of all processes at once, 20 times a second; 640 x 360, 5 frames a"
        " second; the long one once",
    )


def measure_number(options: BenchOptions) -> Row:
    """The peak for many videos against that for a few."""
    folders = keep_folders(options)
    few, many = (read_peak(folder, options) for folder in folders.values())
    numbers = list(folders)
    is_met = many <= (1 + GOAL_DIFFERENCE) * few and many <= GOAL_BYTES
    return Row(
        "4",
        f"peak memory of `index`, whole tree of processes, {numbers[1]} videos without lyrics",
        f"the same for {numbers[0]} of them",
        f"{many / few:.2f} x, {many / 1e9:.2f} GB at most",
        "<= 10 % more, <= 1.5 GB",
        judge(is_met, is_quick=options.is_quick),
        f"{FILE_SECONDS / 60:g} min each, 640 x 360; PSS as above, each once",
    )


def keep_folders(options: BenchOptions) -> dict[int, Path]:
    """Folders of a few and of many videos, each video another content, by their number."""
    numbers = (2, 6) if options.is_quick else (FEW_FILES, MANY_FILES)
    seconds = 8.0 if options.is_quick else FILE_SECONDS
    source = keep_clip(options.cache / "clips", Clip(seconds, rate=5))
    folders = {number: options.cache / f"number-{seconds:g}-{number}" for number in numbers}
    for number, folder in folders.items():
        for index in range(number):
            retitle_clip(source, folder / f"Song {index:02}{source.suffix}")
    return folders


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
    # Whisper holds a whole track of sound, 4 MB a minute: docs/decisions/0055-packaged-weights.md.
    cost = index_afresh(folder, options, "--lyrics", "sidecar", is_watched=True)
    if cost.peak_bytes is None:
        raise RuntimeError("this system does not tell what memory processes hold")
    return cost.peak_bytes


if __name__ == "__main__":
    run_program("media.memory", measure_rows)
