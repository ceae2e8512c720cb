"""Measures map, TV and gallery: `python -m benchmarks.server.exploring`.

Times are processor times of this process, as wall times of a busy machine say little; decoders
that it starts are not counted.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import mvsearch
from benchmarks.large.libraries import LibraryOptions, keep_library
from benchmarks.program import BenchOptions, run_program
from benchmarks.results import Row
from mvsearch.indexer.media.programs import find_program
from mvsearch.indexer.media.programs import run_program as run_tool
from mvsearch.search.layout import Layouts, project
from mvsearch.search.query.contents import open_indexes

N_SONGS = 1_000
N_CHAIN = 20
N_NEAR = 10
# Off the times of stills and of sampled frames.
FRAME_SHARES = (0.37, 0.71)


def measure_rows(options: BenchOptions) -> Iterator[Row]:
    """The rows of this program."""
    size = 8 if options.is_quick else N_SONGS
    made = keep_library(options.cache, LibraryOptions(size, n_frames=100, has_files=False))
    with mvsearch.open(made.folder) as library:
        first = library.videos()[0]
        library.similar(first, top=1)
        yield from _time_map(library)
        one = _time(lambda: library.similar(first, top=1))
        chain = _time(lambda: library.chain(first, length=N_CHAIN)) / N_CHAIN
        figure = f"{chain * 1000:.0f} ms, {chain / one:.1f} times one list of similar songs"
        yield Row("tv", f"next song of a chain, {size} songs", "similar", figure)
    if options.media is not None and not options.is_quick:
        yield from _find_music(options, options.media)


def _time_map(library: mvsearch.VideoLibrary) -> Iterator[Row]:
    size = len(library.videos())
    for by in ("frames", "audio", "lyrics"):
        cost = _time(lambda by=by: library.layout(by))  # type: ignore[misc]
        again = _time(lambda by=by: library.layout(by))  # type: ignore[misc]
        figure = f"{cost:.2f} s, then {again * 1000:.1f} ms"
        yield Row("map", f"layout of {size} songs by {by}", "from memory", figure)


def _find_music(options: BenchOptions, media: Path) -> Iterator[Row]:
    """Frames of the real clips, and pictures that are in none of them."""
    home = options.cache / "exploring"
    with mvsearch.open(home) as library:
        library.index(media / "videos", lyrics="off")
        videos = [video for video in library.videos() if video.has_picture]
        yield _measure_neighbours(library)
        library.music_for(next((media / "images").glob("*.jpg")))
        for share in FRAME_SHARES:
            n_right, n_told, costs = 0, 0, list[float]()
            for video in videos:
                frame = _cut_frame(video, share)
                if frame is None:
                    continue
                began = time.process_time()
                found = library.music_for(frame, top=1)
                costs.append(time.process_time() - began)
                n_right += _is_same(found.results[0].video, video)
                n_told += not found.is_weak
            figure = (
                f"{n_right} of {len(costs)} first, {n_told} told without doubt,"
                f" {np.median(costs) * 1000:.0f} ms, at most {max(costs) * 1000:.0f} ms"
            )
            yield Row("gallery", f"frames at {share:.0%} find their own clip", "", figure)
        strange = [*media.glob("images/*"), *media.glob("emotion/*.jpg")]
        ways = [library.music_for(path, top=1) for path in strange]
        n_words = sum(one.way == "words" and not one.is_weak for one in ways)
        figure = f"{n_words} by words, {sum(one.is_weak for one in ways)} marked as doubtful"
        yield Row("gallery", f"{len(strange)} pictures of no clip", "", figure)


def _measure_neighbours(library: mvsearch.VideoLibrary) -> Row:
    """How many of the nearest videos are near on the map; see Venna and Kaski (2001)."""
    from sklearn.manifold import trustworthiness  # type: ignore[import-untyped]

    with library._session.using() as opened:
        index = open_indexes(opened)["frames"]
        rows = np.stack([index.vectors(one).mean(axis=0) for one in index.video_ids])
        layout = Layouts().find(opened, "frames")
    chance = np.random.default_rng(0).random(layout.points.shape)
    values = [
        trustworthiness(rows, p, n_neighbors=5) for p in (layout.points, project(rows)[0], chance)
    ]
    figure = "{:.2f}, without compression {:.2f}, at random {:.2f}".format(*values)
    return Row("map", f"trustworthiness of {len(rows)} real clips by look", "random places", figure)


def _is_same(found: mvsearch.Video, video: mvsearch.Video) -> bool:
    """Whether it is the clip, or another file of the same content by its name."""
    return found.id == video.id or found.title.rstrip("0123456789") == video.title.rstrip(
        "0123456789"
    )


def _cut_frame(video: mvsearch.Video, share: float) -> bytes | None:
    with TemporaryDirectory() as folder:
        target = Path(folder) / "frame.png"
        seek = f"{video.duration_seconds * share:.3f}"
        words = [find_program("ffmpeg"), "-v", "error", "-ss", seek, "-i", str(video.path)]
        run_tool([*words, "-frames:v", "1", str(target)], 30.0)
        return target.read_bytes() if target.exists() else None


def _time(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    run_program("server.exploring", lambda options: list(measure_rows(options)))
