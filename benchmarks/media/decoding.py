"""Measures decoding with skipped frames: `python -m benchmarks.media.decoding`.

Ours includes scaling, the times of the frames, and the sound; a plain decode has none of them. A
second row compares each frame that is taken with the same one of a whole decode, pixel by pixel.
"""

import resource
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.clips import Clip, keep_clip
from benchmarks.media.indexing import list_media
from benchmarks.program import BenchOptions, keep_songs, run_program
from benchmarks.results import Row
from benchmarks.timing import Comparison, compare, run_command
from mvsearch.indexer.media.decoding.frames import DecodeOptions, FrameBatch, decode
from mvsearch.indexer.media.decoding.types import Decoded
from mvsearch.indexer.media.probe import probe_file

KINDS: dict[Decoded, str] = {
    "all": "every frame is decoded",
    "needed": "frames that nobody needs are left out",
    "key": "key frames only (index --fast)",
}
# The shortest songs, so that a round takes seconds.
N_FILES = 3
COMPARED_SECONDS = 30.0
COMPARED_SIZE = (96, 54)


def measure_rows(options: BenchOptions) -> list[Row]:
    """What each kind of decoding costs, and what leaving frames out does to those taken."""
    songs = None if options.is_quick else keep_songs(options)
    if songs is None:
        seconds = 4.0 if options.is_quick else 60.0
        files = [keep_clip(options.cache / "clips", Clip(seconds, 1280, 720))]
    else:
        files = sorted(list_media(songs), key=lambda path: path.stat().st_size)[:N_FILES]
    clips = list(files)
    if options.media is not None and not options.is_quick:
        clips += list_media(options.media / "videos")
    return [*compare_costs(files, options.rounds), compare_frames(clips)]


def compare_costs(files: Sequence[Path], rounds: int) -> list[Row]:
    """A row a kind, against a plain decode of the same files."""
    processor: dict[str, list[float]] = {name: [] for name in ("plain", *KINDS)}

    def decode_plainly() -> None:
        words = ("-v", "error", "-nostdin", "-i")
        end = ("-map", "0:v", "-f", "null", "-")
        costs = [run_command(["ffmpeg", *words, file, *end]) for file in files]
        processor["plain"].append(sum(cost.cpu_seconds for cost in costs))

    def decode_ours(kind: Decoded) -> None:
        began = _read_processor()
        for file in files:
            for _ in decode(file, probe_file(file), DecodeOptions(decoded=kind)):
                pass
        processor[kind].append(_read_processor() - began)

    walls = compare(
        {"plain": decode_plainly} | {kind: (lambda kind=kind: decode_ours(kind)) for kind in KINDS},
        rounds,
    )
    work = Comparison({name: tuple(found) for name, found in processor.items()})
    return [
        Row(
            "decoding",
            f"frames and sound of {len(files)} videos at 720p: {words}",
            "`ffmpeg -i X -map 0:v -f null -`",
            f"{walls.describe(kind, 'plain')} x",
            note=f"in seconds of processor {work.describe(kind, 'plain')} x",
        )
        for kind, words in KINDS.items()
    ]


def compare_frames(files: Sequence[Path]) -> Row:
    """Frames taken of what is needed, against the same of all: pixels, and how late they are."""
    n_same = n_frames = n_moved = 0
    late: list[float] = []
    for file in files:
        whole = _take(file, "all", frame_rate=1000.0)
        exact, taken = _take(file, "all"), _take(file, "needed")
        at = np.abs(whole[0][:, None] - taken[0]).argmin(axis=0)
        n_same += int((whole[1][at] == taken[1]).all(axis=(1, 2, 3)).sum())
        n_frames += len(at)
        n = min(len(exact[0]), len(taken[0]))
        moved = taken[0][:n] - exact[0][:n]
        n_moved += bool((moved > 0).any())
        late += moved.tolist()
    return Row(
        "decoding",
        f"frames taken of {len(files)} videos where those that nobody needs are left out",
        "the same frames of a whole decode",
        f"{n_same} of {n_frames} equal in every pixel",
        note=f"frames move in {n_moved} of the videos; over all, later by {np.mean(late):.3f} s in "
        f"the mean and {max(late):.3f} s at most",
    )


def _take(path: Path, kind: Decoded, frame_rate: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """(n,) times and (n, height, width, 3) frames of the beginning of a file."""
    wanted = DecodeOptions(
        COMPARED_SIZE,
        wants_sound=False,
        frame_rate=frame_rate,
        decoded=kind,
        end_seconds=COMPARED_SECONDS,
    )
    batches = [
        piece for piece in decode(path, probe_file(path), wanted) if isinstance(piece, FrameBatch)
    ]
    times = np.concatenate([batch.start_seconds for batch in batches])
    return times, np.concatenate([batch.frames for batch in batches])


def _read_processor() -> float:
    """Seconds of processor of this process and of all children that are over."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    run_program("media.decoding", measure_rows)
