"""Measures what side-cars of metadata add to an index run, and what their facets cost.

    python -m benchmarks.metadata.side_cars

A run that finds 1,000 files unchanged is timed with and without a `.nfo`, an `.info.json` and a
picture beside each, in turns; then what reading them costs, beside ffprobe on one file; then the
counts of facets of 10,000 videos, as they are and without those of metadata.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from unittest.mock import patch

from benchmarks.program import BenchOptions, run_program
from benchmarks.results import Row
from benchmarks.timing import compare
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.files.sidecar import list_lyric_files
from mvsearch.indexer.metadata.beside import mark_side_cars
from mvsearch.indexer.metadata.gather import gather_metadata
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import lyrics_fingerprint
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.reading import facets
from mvsearch.store.library import Library
from mvsearch.store.records import (
    IndexedVideo,
    Location,
    Metadata,
    MetadataField,
    Stage,
    Tag,
    Video,
)

N_TAGS = 20
# As yt-dlp writes them: most is the addresses of formats and subtitles.
_INFO = {
    "id": "dQw4w9WgXcQ",
    "title": "The Band - Salt (Official Video)",
    "tags": [f"word {n}" for n in range(20)],
    "description": "A song of the sea. " * 40,
    "formats": [{"url": "https://example.invalid/" + "x" * 900}] * 200,
}
_NFO = (
    "<musicvideo><title>Salt</title><artist>The Band</artist><album>Tides</album>"
    "<genre>Synth pop</genre><director>Someone</director><year>1984</year><plot>"
    + "A song of the sea. " * 40
    + "</plot></musicvideo>"
)


def measure(options: BenchOptions) -> Sequence[Row]:
    """Time the scan, the reading and the facets."""
    n_files, n_videos = (100, 1000) if options.is_quick else (1000, 10_000)
    with tempfile.TemporaryDirectory() as made:
        return [
            *_time_scans(Path(made), n_files, options.rounds),
            _time_reading(Path(made) / "with", n_files),
            _time_facets(Path(made) / "facets", n_videos, options.rounds),
        ]


def _time_scans(place: Path, n_files: int, rounds: int) -> list[Row]:
    runs = {}
    for name in ("without", "with"):
        _make_files(place / name, n_files, has_side_cars=name == "with")
        _fill(place / f"{name}.library", place / name)
        runs[name] = partial(_time_run, place / f"{name}.library", place / name)
    found = compare(runs, rounds)
    taken = 1000 * (found.median("with") - found.median("without")) / n_files
    return [
        Row(
            "side-cars",
            f"a run over {n_files} unchanged files with .nfo, .info.json and picture",
            "files without",
            f"{found.describe('with', 'without')}; {taken:.2f} ms a file more",
        )
    ]


def _make_files(folder: Path, n_files: int, *, has_side_cars: bool) -> None:
    folder.mkdir(parents=True)
    info = json.dumps(_INFO)
    for n in range(n_files):
        (folder / f"{n} [dQw4w9WgXcQ].mp4").write_bytes(b"x")
        if has_side_cars:
            (folder / f"{n} [dQw4w9WgXcQ].nfo").write_text(_NFO, "utf-8")
            (folder / f"{n} [dQw4w9WgXcQ].info.json").write_text(info, "utf-8")
            (folder / f"{n} [dQw4w9WgXcQ].webp").write_bytes(b"x")


def _fill(place: Path, folder: Path) -> None:
    """A library that knows all files, with all stages done."""
    encoders = Encoders("toy")
    with Library.open(place, create=True) as library:
        library.catalog.adopt_profile("toy", encoders.spaces())
        videos: list[IndexedVideo] = []
        for path in sorted(folder.glob("*.mp4")):
            state, video_id = path.stat(), f"{len(videos):040x}"
            stages = tuple(
                Stage(
                    video_id, modality, encoders.get(modality).spaces[0].key, "absent",
                    fingerprint=lyrics_fingerprint([path], list_lyric_files),
                )
                for modality in ("frames", "audio", "lyrics")
            )  # fmt: skip
            place_of = Location(path, video_id, folder, state.st_size, state.st_mtime_ns)
            metadata = Metadata((), mark_side_cars([path]))
            video = Video(video_id, path, path.stem, has_picture=False)
            videos.append(IndexedVideo(video, place_of, stages, (), metadata=metadata))
        library.catalog.add_indexed(videos)


def _time_run(place: Path, folder: Path) -> float:
    with Library.open(place) as library:
        begun = time.process_time()
        done = index_paths([folder], library, Encoders("toy"), IndexOptions(lyrics="sidecar"))
        taken = time.process_time() - begun
    if done.indexed or not done.unchanged:
        raise RuntimeError(f"{done.indexed} indexed, {done.unchanged} unchanged")
    return taken


def _time_reading(folder: Path, n_files: int) -> Row:
    """What reading all that lies beside a file costs, in processor time."""
    paths = sorted(folder.glob("*.mp4"))[:n_files]
    begun = time.process_time()
    for path in paths:
        gather_metadata([path], {})
    taken = 1000 * (time.process_time() - begun) / len(paths)
    size = len(json.dumps(_INFO)) / 1000
    return Row(
        "side-cars",
        f"reading a .nfo and an .info.json of {size:.0f} kB",
        "ffprobe on the file",
        f"{taken:.1f} ms of processor time, {_time_probe(paths[0]):.0f} ms",
    )


def _time_probe(path: Path) -> float:
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["ffprobe", "-v", "quiet", path], check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _time_facets(place: Path, n_videos: int, rounds: int) -> Row:
    _fill_described(place, n_videos)
    with Library.open(place) as library:
        count = library.catalog._count

        def count_others() -> float:
            with patch.object(facets, "FACET_FIELDS", ()):
                return _time(lambda: count(Filter()))

        things = {
            "all": lambda: _time(lambda: count(Filter())),
            "others": count_others,
            "kept": lambda: _time(library.catalog.facets),
        }
        library.catalog.facets()
        found = compare(things, max(3, rounds))
    return Row(
        "facets",
        f"facets of {n_videos} videos",
        "without those of metadata",
        f"{found.describe('all', 'others')}; {1000 * found.median('all'):.0f} ms, and"
        f" {1000 * found.median('kept'):.2f} ms where nothing has changed",
    )


def _time(thing: Callable[[], object]) -> float:
    begun = time.process_time()
    thing()
    return time.process_time() - begun


def _fill_described(place: Path, n_videos: int) -> None:
    """A library whose videos differ in album, and share genres, directors, studios and channels."""
    with Library.open(place, create=True) as library:
        library.catalog.adopt_profile("toy", Encoders("toy").spaces())
        for first in range(0, n_videos, 500):
            numbers = range(first, min(first + 500, n_videos))
            library.catalog.add_indexed([_make_described(n) for n in numbers])


def _make_described(n: int) -> IndexedVideo:
    video_id, path = f"{n:040x}", Path(f"/music/{n}.mp4")
    values = {
        "album": (f"album {n}",),
        "genre": (f"genre {n % 60}", f"genre {n % 7}"),
        "director": (f"director {n % 800}",),
        "studio": (f"studio {n % 200}",),
        "description": ("A song of the sea. " * 40,),
        "channel": (f"channel {n % 1500}",),
    }
    fields = tuple(
        MetadataField(name, tuple(dict.fromkeys(v)), "nfo") for name, v in values.items()
    )
    tags = tuple(Tag(f"tag {(n * 31 + k) % 600}", 0.0, 1.0, 0.5) for k in range(N_TAGS))
    video = Video(video_id, path, f"title {n}", f"artist {n % 900}", 200.0, year=1960 + n % 60)
    place = Location(path, video_id, Path("/music"), 1, 1)
    return IndexedVideo(video, place, (), (), tags=tags, metadata=Metadata(fields, "1:x"))


if __name__ == "__main__":
    run_program("metadata.side_cars", measure)
