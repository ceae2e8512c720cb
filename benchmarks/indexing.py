"""Indexing against a plain decode, and against the published way: `python -m benchmarks.indexing`.

The published way, as far as its publication tells: ffmpeg writes full-size JPEG files, and
ResNet-50 reads them one by one in torch, eagerly. It gets as many frames a second as we take, its
weights are random (the time is the same), and it does not look at the sound; ours includes sound,
lyrics and writing the library. It takes minutes, so each song goes through it once, some songs
after each of the rounds in which all are indexed and decoded, and of the files written every fourth
is encoded and counted for four.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clips import Clip, keep_clip
from benchmarks.program import ROOT, BenchOptions, keep_songs, mvsearch, run_program
from benchmarks.results import Row, judge
from benchmarks.timing import CommandCost, Comparison, compare, run_command
from indexer.sampling import choose_frame_rate

GOAL_DECODE = 0.9
GOAL_PUBLISHED = 5.0
# Of so many frames, one is encoded in the published way.
STRIDE = 4


def measure_rows(options: BenchOptions) -> list[Row]:
    """Rows 1 and 2."""
    if options.is_quick:
        clip = keep_clip(options.cache / "clips", Clip(4.0, 1280, 720))
        folder: Path | None = _link_alone(clip, options.cache / "quick-folder")
    else:
        folder = keep_songs(options)
    if folder is None:
        reason = "the test media are not at hand"
        return [Row(claim, "indexing", "-", "-", verdict="left out", note=reason) for claim in "12"]
    index_once(folder, options)  # exports networks, once on a machine
    with tempfile.TemporaryDirectory(dir=options.cache) as scratch:
        found, work = compare_ways(folder, Path(scratch), options)
    n_songs = len(list_media(folder))
    return [describe_decode(found, work, n_songs, options), describe_published(found, options)]


def compare_ways(folder: Path, scratch: Path, options: BenchOptions) -> tuple[Comparison, float]:
    """Index and decode all in turns, and put some more songs through the published way each time.

    Returns:
        What it took, round by round, and our seconds of processor as a multiple of the decoder's.
    """
    files = list_media(folder)
    shares = iter([files[first :: options.rounds] for first in range(options.rounds)])
    cpu: dict[str, list[float]] = {"ours": [], "decode": []}

    def ours() -> float:
        cost = index_once(folder, options)
        cpu["ours"].append(cost.cpu_seconds)
        return cost.wall_seconds

    def decode() -> float:
        costs = [run_command(_plain_decode(file)) for file in files]
        cpu["decode"].append(sum(cost.cpu_seconds for cost in costs))
        return sum(cost.wall_seconds for cost in costs)

    def published() -> float:
        return sum(index_as_published(file, scratch) for file in next(shares))

    things = {"ours": ours, "decode": decode, "published": published}
    return compare(things, options.rounds), sum(cpu["ours"]) / sum(cpu["decode"])


def describe_decode(found: Comparison, work: float, n_songs: int, options: BenchOptions) -> Row:
    """Row 1: the whole command against decoding the pictures of the same files."""
    return Row(
        "1",
        f"index {n_songs} songs at 720p, cold start",
        "sum of `ffmpeg -i X -map 0:v -f null -`",
        f"{found.describe('ours', 'decode')} x",
        f"<= {GOAL_DECODE} x",
        judge(found.ratio("ours", "decode") <= GOAL_DECODE, is_quick=options.is_quick),
        f"{found.median('ours'):.1f} s against {found.median('decode'):.1f} s; in seconds of"
        f" processor {work:.2f} x",
    )


def describe_published(found: Comparison, options: BenchOptions) -> Row:
    """Row 2: the whole command against the published way on the same songs."""
    ours, published = found.median("ours"), sum(found.costs["published"])
    return Row(
        "2",
        "the same",
        "full-size JPEG files, ResNet-50 in torch, file by file, as many frames",
        f"{published / ours:.2f} x as fast",
        f">= {GOAL_PUBLISHED:g} x",
        judge(published / ours >= GOAL_PUBLISHED, is_quick=options.is_quick),
        f"{ours:.1f} s, the median of {options.rounds} runs, against {published:.1f} s, each song"
        f" once and every {STRIDE}th frame encoded, which counts for {STRIDE}; both with their"
        " start; ours makes vectors of sound and lyrics as well",
    )


def index_once(folder: Path, options: BenchOptions) -> CommandCost:
    """Index a folder into a new library, as a process of its own."""
    library = options.cache / "fresh-library"
    shutil.rmtree(library, ignore_errors=True)
    words = ("index", folder, "--library", library, "--lyrics", "sidecar", "--json")
    cost = run_command(mvsearch(*words))
    shutil.rmtree(library)
    return cost


def index_as_published(song: Path, scratch: Path) -> float:
    """Wall seconds of the published way, as a process of its own, had it encoded every frame."""
    rate = choose_frame_rate(_read_duration(song))
    words: list[str | Path] = [sys.executable, "-m", "benchmarks.published"]
    words += [song, str(rate), scratch, str(STRIDE)]
    cost = run_command(words, ROOT)
    return cost.wall_seconds + float(cost.output)


def list_media(folder: Path) -> Sequence[Path]:
    """The videos of a folder."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".mp4", ".mkv", ".flv"))


def _plain_decode(file: Path) -> list[str | Path]:
    return ["ffmpeg", "-v", "error", "-nostdin", "-i", file, "-map", "0:v", "-f", "null", "-"]


def _read_duration(file: Path) -> float:
    words = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]
    said = subprocess.run([*words, str(file)], capture_output=True, text=True, check=True)
    return float(said.stdout)


def _link_alone(file: Path, folder: Path) -> Path:
    """A folder with one video and its side-car."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (file, file.with_suffix(".lrc")):
        if path.exists() and not (folder / path.name).exists():
            shutil.copy(path, folder / path.name)
    return folder


if __name__ == "__main__":
    run_program("indexing", measure_rows)
