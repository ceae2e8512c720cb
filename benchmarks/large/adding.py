"""Measures adding a video to a library of 10,000: `python -m benchmarks.large.adding`."""

import os
import shutil
from pathlib import Path

from benchmarks.clips import Clip, keep_clip
from benchmarks.large.libraries import MadeLibrary, keep_crowd
from benchmarks.program import (
    BenchOptions,
    index_afresh,
    keep_songs,
    mvsearch,
    run_program,
    settle_library,
    warm_up,
)
from benchmarks.results import Row, judge
from benchmarks.timing import compare, run_command

GOAL = 1.3
N_VIDEOS = 10_000


def measure_rows(options: BenchOptions) -> list[Row]:
    """Row 8."""
    made = keep_crowd(options.cache, 50 if options.is_quick else N_VIDEOS)
    settle_library(made)
    song = find_song(options)
    alone = options.cache / "alone"
    alone.mkdir(exist_ok=True)
    shutil.copyfile(song, alone / song.name)
    warm_up(options)
    found = compare(
        {
            "full": lambda: add_to_made(made, song),
            "empty": lambda: index_afresh(alone, options, "--lyrics", "sidecar").wall_seconds,
        },
        options.rounds,
    )
    ratio = found.ratio("full", "empty")
    return [
        Row(
            "8",
            f"`index` of one new video in a folder of {made.options.n_videos:,}",
            "`index` of the same video into an empty library",
            f"{found.describe('full', 'empty')} x",
            f"<= {GOAL} x",
            judge(ratio <= GOAL, is_quick=options.is_quick),
            f"{found.median('full'):.1f} s against {found.median('empty'):.1f} s, whole commands",
        )
    ]


def find_song(options: BenchOptions) -> Path:
    """The smallest real song; a painted clip of a minute where there is none."""
    songs = None if options.is_quick else keep_songs(options)
    if songs is None:
        return keep_clip(options.cache / "clips", Clip(4.0 if options.is_quick else 60.0))
    return min(songs.glob("*.mp4"), key=lambda path: path.stat().st_size)


def add_to_made(made: MadeLibrary, song: Path) -> float:
    """Wall seconds of indexing a folder to which one video came; then it goes again."""
    place = made.videos / f"new{song.suffix}"
    shutil.copyfile(song, place)
    os.utime(place)
    try:
        return index_into(made.folder, made.videos)
    finally:
        place.unlink()
        index_into(made.folder, made.videos)


def index_into(library: Path, folder: Path) -> float:
    """Wall seconds of a whole `index`."""
    words = ("index", folder, "--library", library, "--lyrics", "sidecar", "--json")
    return run_command(mvsearch(*words)).wall_seconds


if __name__ == "__main__":
    run_program("large.adding", measure_rows)
