"""The command line and the results that all benchmarks share."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.clips import Clip, keep_clip
from benchmarks.large.libraries import MadeLibrary
from benchmarks.results import Row, format_row, write_rows
from benchmarks.timing import CommandCost, run_command

ROOT = Path(__file__).resolve().parents[1]
MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", ROOT / "../shared/media"))
SONG_HEIGHT = 720


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """How a program runs.

    Attributes:
        is_quick: small sizes, one or two rounds: it shows that the program works, and no more.
        cache: where songs and libraries are kept from run to run.
        media: the real test media; None where they are not at hand.
    """

    is_quick: bool = False
    cache: Path = ROOT / ".bench"
    media: Path | None = None

    @property
    def rounds(self) -> int:
        """How often a thing is measured."""
        return 1 if self.is_quick else 3


Measure = Callable[[BenchOptions], Sequence[Row]]


def run_program(name: str, measure: Measure, arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print the rows and, if asked, write them to a file.

    Args:
        name: of the module in `benchmarks`.
        measure: makes the rows; their command is filled in here.
        arguments: of the command line; None for those of this process.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--quick", action="store_true", help="small sizes; claims nothing")
    parser.add_argument("--cache", type=Path, default=BenchOptions().cache, help="folder to keep")
    parser.add_argument("--rows", type=Path, help="write the rows to this file")
    given = parser.parse_args(arguments)
    given.cache.mkdir(parents=True, exist_ok=True)
    rows = [
        replace(row, command=f"python -m benchmarks.{name}")
        for row in measure(BenchOptions(given.quick, given.cache.resolve(), find_media()))
    ]
    for row in rows:
        print(format_row(row), flush=True)
    if given.rows is not None:
        write_rows(rows, given.rows)


def find_media() -> Path | None:
    """The real test media, where they are at hand."""
    return MEDIA.resolve() if MEDIA.is_dir() else None


def mvsearch(*words: str | Path) -> list[str | Path]:
    """The words of a command of ours, as a process of its own."""
    return [sys.executable, "-m", "mvsearch.cli", *words]


def warm_up(options: BenchOptions) -> None:
    """Index a clip into a library of its own: networks are exported once on a machine."""
    clip = keep_clip(options.cache / "clips/warm", Clip(4.0))
    index_afresh(clip.parent, options, "--lyrics", "sidecar")


def index_afresh(
    folder: Path, options: BenchOptions, *words: str, is_watched: bool = False
) -> CommandCost:
    """What indexing a folder into a new library takes, as a process of its own."""
    with tempfile.TemporaryDirectory(dir=options.cache) as library:
        command = mvsearch("index", folder, "--library", library, "--json", *words)
        return run_command(command, ROOT, is_watched=is_watched)


def settle_library(made: MadeLibrary) -> None:
    """Let indexes and backgrounds be made and kept, as `index` does when nothing is new."""
    words = mvsearch("index", made.videos, "--library", made.folder, "--json")
    if not made.options.has_files:
        words = [sys.executable, "-m", "benchmarks.large.settling", made.folder]
    run_command(words, ROOT)


def keep_songs(options: BenchOptions) -> Path | None:
    """The folder of full-length songs built from the test media, once; None without media."""
    builder = None if options.media is None else options.media.parent / "tools/build_songs.py"
    if builder is None or not builder.is_file():
        return None
    folder = options.cache / f"songs{SONG_HEIGHT}"
    marker = folder / "built"
    if not marker.exists():
        words = [sys.executable, str(builder), str(folder), "--height", str(SONG_HEIGHT)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        marker.touch()
    return folder
