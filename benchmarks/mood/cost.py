"""Measures what moods cost: the share of an index run, filling an older library, and reading all.

Indexed are the test media if they are there, else made clips. The share is processor time of the
thread that measures moods, in the same run as the processor time of the whole process.
"""

import dataclasses
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.program import MEDIA
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.parallel import limit_algebra
from mvsearch.indexer.mood.measure import measure_mood
from mvsearch.indexer.mood.used import EMBEDDED
from mvsearch.indexer.pipeline import stages
from mvsearch.indexer.pipeline.add_moods import add_moods
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.store.library import Library
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    Modality,
    Mood,
    MoodCurve,
    MoodTrack,
    Space,
    Video,
)

N_MADE = 10_000
CURVE_POINTS = 240


@dataclasses.dataclass
class Counted:
    """The processor time of all calls of a function, by whichever thread."""

    seconds: float = 0.0
    n_calls: int = 0

    def measure(self, embeddings: Sequence[Embeddings], modality: Modality) -> MoodTrack | None:
        """Call it, and count."""
        begun = time.thread_time()
        try:
            return self.measured(embeddings, modality)
        finally:
            self.seconds += time.thread_time() - begun
            self.n_calls += 1

    measured = staticmethod(measure_mood)


def measure_share(folder: Path, library: Library) -> None:
    """Index a folder, and print the share of moods in its processor time."""
    counted = Counted()
    stages.__dict__["measure_mood"] = counted.measure
    begun = count_processor_seconds()
    options = IndexOptions(lyrics="off")
    with limit_algebra():
        summary = index_paths([folder], library, Encoders("embedded"), options)
    whole = count_processor_seconds() - begun
    print(
        f"index: {summary.indexed} files, {whole:.1f} s of the processor, moods"
        f" {counted.seconds:.3f} s in {counted.n_calls} calls:"
        f" {100 * counted.seconds / whole:.2f} %"
    )


def count_processor_seconds() -> float:
    """Of this process and of the decoders that it started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def measure_filling(library: Library) -> None:
    """Measure all moods again from stored vectors."""
    with library.catalog._database.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM mood")
    n = library.catalog.n_videos()
    begun = time.process_time()
    with library.writing():
        add_moods(library.catalog, EMBEDDED, Silence(), threading.Event())
    took = time.process_time() - begun
    print(f"fill: {n} videos in {took:.2f} s of the processor, {1000 * took / n:.1f} ms each")


def make_moods(n: int, folder: Path) -> Library:
    """A library of n videos that have moods and nothing else."""
    chance = np.random.default_rng(0)
    library = Library.open(folder, create=True)
    library.catalog.adopt_profile("made", [Space("audio", "made", "1", 4)])
    seconds = np.arange(CURVE_POINTS, dtype=np.float32)
    videos = []
    for at in range(n):
        tracks = []
        for side in ("picture", "sound"):
            points = chance.uniform(size=(CURVE_POINTS, 3)).astype(np.float32)
            mood = Mood(*np.round(points.mean(axis=0), 4).tolist())
            joint = chance.normal(size=2).astype(np.float32)
            tracks.append(MoodTrack(side, "made-1", mood, MoodCurve(seconds, points), joint))
        path = Path(f"/made/{at:05d}.mp4")
        video = Video(f"{at:08x}", path, f"Song {at}", "Made", 240.0)
        place = Location(path, video.id, path.parent, 1, 1)
        videos.append(IndexedVideo(video, place, (), (), moods=tuple(tracks)))
    with library.writing():
        library.catalog.add_indexed(videos)
    return library


def measure_reading(library: Library) -> None:
    """Read the moods of one side of all videos, the fastest of five times."""
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        table = library.catalog.mood_table("sound")
        times.append(time.perf_counter() - begun)
    size = (library.folder / "catalog.sqlite3").stat().st_size / library.catalog.n_videos()
    print(f"read: one side of {len(table.video_ids)} videos in {1000 * min(times):.0f} ms;"
          f" {size:.0f} bytes a video with both curves of {CURVE_POINTS} points")  # fmt: skip


def main() -> None:
    """Measure in a temporary folder; an argument names another folder of videos."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else MEDIA / "videos"
    with tempfile.TemporaryDirectory() as place:
        with Library.open(Path(place) / "indexed", create=True) as library:
            measure_share(folder, library)
            measure_filling(library)
        with make_moods(N_MADE, Path(place) / "made") as library:
            measure_reading(library)


if __name__ == "__main__":
    main()
