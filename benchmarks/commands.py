"""Measures the duration of commands on the demo videos, each in its own process.

`python -m benchmarks.commands` prints seconds; `make bench` is `benchmarks.speed`.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from docs.demo.library import make_library
from docs.demo.songs import SONGS

N_RUNS = 5
PROGRAM = Path(sys.executable).with_name("mvsearch")
# Those that leave the library as it is.
COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("--help",),
    "index, nothing new": ("index", "videos"),
    "list": ("list",),
    "search by image": ("search", "--image", "queries/still.jpg"),
    "search by clip of 4 s": ("search", "--clip", "queries/clip.mp4"),
    "search by lyric line": ("search", "--lyric", "a moon out of paper"),
    "search by words": ("search", "--text", "trees in winter"),
    "similar to one": ("similar", "Embers"),
    "similar, all, as a page": (
        "similar",
        "--all",
        "--format",
        "html",
        "--out",
        "report.html",
        "--force",
    ),
}


def time_command(folder: Path, words: tuple[str, ...]) -> float:
    """Seconds that a command takes from its start to its end."""
    environment = os.environ | {"MVSEARCH_LIBRARY": str(folder / "library")}
    began = time.perf_counter()
    subprocess.run([PROGRAM, *words], cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def time_indexing(folder: Path) -> float:
    """Seconds to index the folder into a new library."""
    shutil.rmtree(folder / "library", ignore_errors=True)
    return time_command(folder, ("index", "videos"))


def report(name: str, seconds: list[float], note: str = "") -> None:
    """Print a row: least, median and greatest."""
    row = f"{min(seconds):7.2f} {statistics.median(seconds):7.2f} {max(seconds):7.2f}"
    print(f"{name:26}{row}  {note}", flush=True)


def measure() -> None:
    """Make the videos, then time everything."""
    with tempfile.TemporaryDirectory() as place:
        folder = make_library(Path(place))
        sung_seconds = sum(song.score.duration_seconds for song in SONGS)
        print(f"{len(SONGS)} videos, {sung_seconds:.0f} s in all; {os.cpu_count()} cores\n")
        print(f"{'seconds':26}{'least':>7} {'median':>7} {'most':>7}")
        time_indexing(folder)  # exports the networks, once on a machine
        indexing = [time_indexing(folder) for _ in range(3)]
        rate = sung_seconds / statistics.median(indexing)
        report("index, all new", indexing, f"{rate:.0f} times as fast as playing them")
        for name, words in COMMANDS.items():
            report(name, [time_command(folder, words) for _ in range(N_RUNS)])


if __name__ == "__main__":
    measure()
