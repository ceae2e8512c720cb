"""Measures the growth of time, disk and memory: `python -m benchmarks.large.growth`.

Each figure is the exponent p of cost = a * size ** p that fits 1, 2, 4 and 8 times as much best, by
least squares of the logarithms: 1 is in proportion, 0 is the same for all.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.clips import Clip, keep_clip, paint_still, retitle_clip
from benchmarks.large.libraries import MadeLibrary, keep_songbook
from benchmarks.program import BenchOptions, index_afresh, mvsearch, run_program, settle_library
from benchmarks.results import Row
from benchmarks.timing import fit_exponent, repeat, run_command
from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.library import Library

STEPS = (1, 2, 4, 8)
N_SONGS = 250
N_QUERIES = 9


def measure_rows(options: BenchOptions) -> list[Row]:
    """The rows of claim 12."""
    rows = [describe("indexing time", "videos", STEPS, time_indexing(options), "s")]
    base = 3 if options.is_quick else N_SONGS
    picture = paint_still(options.cache / "clips/still.png")
    libraries = [keep_songbook(options.cache, base * step) for step in STEPS]
    for made in libraries:
        settle_library(made)
    sizes = [made.options.n_videos for made in libraries]
    queries = [time_query(made, picture) * 1e3 for made in libraries]
    disk = [measure_disk(made.folder) / 1e6 for made in libraries]
    peaks = [measure_peak(made, picture) / 1e6 for made in libraries]
    rows.append(describe("time of a warm image query", "songs", sizes, queries, "ms"))
    rows.append(describe("library on disk", "songs", sizes, disk, "MB"))
    rows.append(describe("peak memory of `search --image`", "songs", sizes, peaks, "MB"))
    return rows


def describe(
    what: str, of_what: str, sizes: Sequence[int], costs: Sequence[float], unit: str
) -> Row:
    """The row of one kind of cost."""
    listed = ", ".join(f"{cost:.3g} {unit}" for cost in costs)
    return Row(
        "12",
        what,
        f"{' '.join(f'{size:,}' for size in sizes)} {of_what}",
        f"exponent {fit_exponent(sizes, costs):.2f}",
        note=listed,
    )


def time_indexing(options: BenchOptions) -> list[float]:
    """Wall seconds of indexing 1, 2, 4 and 8 clips, cold start taken off."""
    clip = keep_clip(options.cache / "clips", Clip(4.0 if options.is_quick else 12.0))
    return [repeat(partial(index_clips, clip, step, options), options.rounds) for step in STEPS]


def index_clips(clip: Path, n: int, options: BenchOptions) -> float:
    """Wall seconds of indexing n clips that differ by their titles."""
    folder = options.cache / f"grown-{clip.stem}-{n}"
    for number in range(n):
        retitle_clip(clip, folder / f"clip {number}{clip.suffix}")
    return index_afresh(folder, options, "--lyrics", "off").wall_seconds


def time_query(made: MadeLibrary, picture: Path) -> float:
    """Seconds of a warm query in process."""
    query = Query((QueryPart("image", str(picture)),))
    with Library.open(made.folder) as library:
        engine = Engine(library, Encoders(made.options.profile))

        def ask() -> None:
            engine.search(query)

        ask()
        return repeat(ask, N_QUERIES)


def measure_disk(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure_peak(made: MadeLibrary, picture: Path) -> int:
    """Bytes that a search holds at most; its mapped files count as far as they were read."""
    words = mvsearch("search", "--image", picture, "--library", made.folder)
    return run_command(words, is_watched=True).peak_bytes or 0


if __name__ == "__main__":
    run_program("large.growth", measure_rows)
