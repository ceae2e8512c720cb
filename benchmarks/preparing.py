"""Prepares the data that several benchmarks share."""

import argparse
from pathlib import Path

from benchmarks.large.growth import N_SONGS, STEPS
from benchmarks.large.libraries import keep_crowd, keep_songbook
from benchmarks.media.memory import keep_loops
from benchmarks.media.workers import keep_clips
from benchmarks.program import BenchOptions, find_media, keep_songs, settle_library

N_CROWD = 10_000


def prepare(what: str, options: BenchOptions) -> None:
    """Make one of them and keep it in the cache."""
    if what == "songs":
        keep_songs(options)
    elif what == "crowd":
        settle_library(keep_crowd(options.cache, N_CROWD))
    elif what == "clips":
        keep_clips(options)
        keep_loops(options)
    else:
        for step in STEPS:
            settle_library(keep_songbook(options.cache, N_SONGS * step))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.preparing")
    parser.add_argument("what", choices=("songs", "crowd", "songbooks", "clips"))
    parser.add_argument("--cache", type=Path, default=BenchOptions().cache)
    given = parser.parse_args()
    prepare(given.what, BenchOptions(cache=given.cache.resolve(), media=find_media()))
