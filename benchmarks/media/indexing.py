"""Measures indexing against decoding and the published way: `python -m benchmarks.media.indexing`.

The published way, as far as its publication tells: ffmpeg writes full-size JPEG files, and
ResNet-50 reads them one by one in torch, eagerly. It gets as many frames a second as we take, its
weights are random (the time is the same), and it does not look at the sound; ours includes sound,
lyrics and writing the library. It takes minutes, so in each round it gets half a minute of each
song, another one each time, which counts for the whole song (`benchmarks.media.published`).
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from benchmarks.clips import Clip, keep_clip
from benchmarks.media.published import WINDOW_SECONDS
from benchmarks.program import ROOT, BenchOptions, index_afresh, keep_songs, run_program, warm_up
from benchmarks.results import Row, judge
from benchmarks.timing import Comparison, compare, run_command

GOAL_DECODE = 0.9
GOAL_PUBLISHED = 5.0


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
    warm_up(options)
    with tempfile.TemporaryDirectory(dir=options.cache) as scratch:
        found, work = compare_ways(folder, Path(scratch), options)
    n_songs = len(list_media(folder))
    return [describe_decode(found, work, n_songs, options), describe_published(found, options)]


def compare_ways(folder: Path, scratch: Path, options: BenchOptions) -> tuple[Comparison, float]:
    """Index and decode all, and put half a minute of each through the published way, in turns.

    Returns:
        What it took, round by round, and our seconds of processor as a multiple of the decoder's.
    """
    files = list_media(folder)
    parts = count()
    cpu: dict[str, list[float]] = {"ours": [], "decode": []}

    def ours() -> float:
        cost = index_afresh(folder, options, "--lyrics", "sidecar")
        cpu["ours"].append(cost.cpu_seconds)
        return cost.wall_seconds

    def decode() -> float:
        costs = [run_command(plain_decode(file)) for file in files]
        cpu["decode"].append(sum(cost.cpu_seconds for cost in costs))
        return sum(cost.wall_seconds for cost in costs)

    def published() -> float:
        return index_as_published(files, scratch, next(parts), options.rounds)

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
    gain = found.ratio("published", "ours")
    return Row(
        "2",
        "the same",
        "full-size JPEG files, ResNet-50 in torch, file by file, as many frames",
        f"{found.describe('published', 'ours')} x as fast",
        f">= {GOAL_PUBLISHED:g} x",
        judge(gain >= GOAL_PUBLISHED, is_quick=options.is_quick),
        f"{found.median('ours'):.1f} s against {found.median('published'):.1f} s, of which it was"
        f" given {WINDOW_SECONDS:.0f} s of each song a round, another place each time, and the rest"
        " follows from the number of frames; both with their start; ours makes vectors of sound and"
        " lyrics as well",
    )


def index_as_published(files: Sequence[Path], scratch: Path, part: int, n_parts: int) -> float:
    """Wall seconds of the published way, as a process of its own, had it encoded every frame."""
    words: list[str | Path] = [sys.executable, "-m", "benchmarks.media.published"]
    words += [scratch, str(part), str(n_parts), *files]
    cost = run_command(words, ROOT)
    return cost.wall_seconds + float(cost.output)


def list_media(folder: Path) -> Sequence[Path]:
    """The videos of a folder."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".mp4", ".mkv", ".flv"))


def plain_decode(file: Path) -> list[str | Path]:
    """The command that decodes the picture of a file, and nothing else."""
    return ["ffmpeg", "-v", "error", "-nostdin", "-i", file, "-map", "0:v", "-f", "null", "-"]


def _link_alone(file: Path, folder: Path) -> Path:
    """A folder with one video and its side-car."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (file, file.with_suffix(".lrc")):
        if path.exists() and not (folder / path.name).exists():
            shutil.copy(path, folder / path.name)
    return folder


if __name__ == "__main__":
    run_program("media.indexing", measure_rows)
