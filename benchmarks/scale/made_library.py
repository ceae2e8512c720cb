"""Makes the library of `benchmarks.scale.searches`: vectors by chance, copied into the tables."""

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders import PROFILES
from mvsearch.store.library import Library
from mvsearch.store.opening import parse_address
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    Matrix,
    Segment,
    Space,
    Stage,
    Video,
)

SECONDS, BATCH, N_LABELS = 180.0, 500, 10
# With `--small`, what grows with the number of videos is measured in little time.
IS_SMALL = "--small" in sys.argv
N_EACH, N_PICTURE, N_LINE = (4, 64, 64) if IS_SMALL else (12, 256, 128)
PICTURES = Space("frames", "made-frames", "1", N_PICTURE)
LINES = Space("lyrics", "made-lyrics", "1", N_LINE)
SPACES = (PICTURES, LINES)
N_STYLES, N_LATENT = 400, 64
TIMES = np.linspace(0.0, SECONDS, N_EACH + 1)


class MadeEncoders:
    """Stands in for encoders: words become vectors by chance."""

    name, profile = "made", PROFILES["toy"]

    def __init__(self) -> None:
        self.spaces = (LINES,)

    def get(self, modality: str) -> Any:
        """The encoder of lines, which nothing else is asked of."""
        return self

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """Vectors of lines."""
        return (to_units(np.random.default_rng(len(texts)).normal(size=(len(texts), LINES.dim))),)


def to_units(vectors: Any) -> Matrix:
    """Scale to length one."""
    units: Matrix = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return units.astype(np.float32)


class Maker:
    """Makes vectors that have much in common with all, with a style, a video and a scene."""

    def __init__(self) -> None:
        generator = np.random.default_rng(1)
        self._bases = {s: generator.normal(size=(N_LATENT, s.dim)) for s in SPACES}
        self._styles = {s: generator.normal(size=(N_STYLES, N_LATENT)) for s in SPACES}

    def make(self, space: Space, first: int, n: int) -> Matrix:
        """(n, `N_EACH`, dim) vectors of the videos from a number on."""
        generator = np.random.default_rng([space.dim, first])
        style = self._styles[space][generator.integers(N_STYLES, size=n)][:, None]
        own = generator.normal(size=(n, 1, N_LATENT))
        scenes = np.repeat(generator.normal(size=(n, 3, N_LATENT)), -(-N_EACH // 3), axis=1)[
            :, :N_EACH
        ]
        each = generator.normal(size=(n, N_EACH, N_LATENT))
        latent = 0.7 * style + 0.9 * own + 0.8 * scenes + 0.6 * each + 0.5
        return to_units(latent @ self._bases[space])


def name_video(number: int) -> str:
    """The id of a video."""
    return hashlib.blake2b(str(number).encode(), digest_size=20).hexdigest()


def fill(address: str, n_videos: int) -> None:
    """Copy the rows of videos into a library, and index and measure them."""
    with Library.open(parse_address(address), create=True) as library:
        library.catalog.adopt_profile("made", SPACES)
        maker = Maker()
        for first in range(0, n_videos, BATCH):
            with library.database.writing() as session:
                cursor = session.connection().connection.cursor()
                copy_videos(cursor, range(first, min(first + BATCH, n_videos)))
                for space in SPACES:
                    vectors = maker.make(space, first, BATCH)
                    copy_vectors(cursor, space, first, vectors[: n_videos - first])
        begin = time.perf_counter()
        for space in SPACES:
            library._vectors.rebuild(space, library.catalog)
        print(f"indexed by the server in {time.perf_counter() - begin:.0f} s", flush=True)


def copy_videos(cursor: Any, numbers: range) -> None:
    """Copy rows of videos, of their files and of a label for each."""
    ids = [name_video(number) for number in numbers]
    columns = "id, title, artist, duration_seconds, is_duration_measured, has_picture, has_sound"
    with cursor.copy(f"COPY video ({columns}) FROM STDIN") as copy:
        for number, one in zip(numbers, ids, strict=True):
            copy.write_row((one, f"Song {number}", f"Artist {number // 8}", SECONDS, 1, 1, 1))
    columns = "key, path, shown, folder, video_id, size, mtime_ns"
    with cursor.copy(f"COPY location ({columns}) FROM STDIN") as copy:
        for number, one in zip(numbers, ids, strict=True):
            path = f"/music/{number}.mp4"
            copy.write_row((path.encode(), path.encode(), path, b"/music", one, 1, number))
    columns = "video_id, position, name, start_seconds, end_seconds, probability"
    with cursor.copy(f"COPY tag ({columns}) FROM STDIN") as copy:
        for number, one in zip(numbers, ids, strict=True):
            copy.write_row((one, 0, f"label {number % N_LABELS}", 0.0, 10.0, 0.5))


def copy_vectors(cursor: Any, space: Space, first: int, vectors: Matrix) -> None:
    """Copy the vectors of videos in one space."""
    starts, ends = (times.astype("<f8").tobytes() for times in (TIMES[:-1], TIMES[1:]))
    texts = json.dumps([f"line {at}" for at in range(N_EACH)]) if space is LINES else None
    columns = "video_id, space_key, starts, ends, texts, vectors, generation"
    with cursor.copy(f"COPY embedding ({columns}) FROM STDIN") as copy:
        for at, one in enumerate(vectors.astype("<f2")):
            name = name_video(first + at)
            copy.write_row((name, space.key, starts, ends, texts, one.tobytes(), 1))


def make_late(maker: Maker, number: int) -> IndexedVideo:
    """A video as an index run adds it."""
    path, name = Path(f"/music/{number}.mp4"), name_video(number)
    cut = tuple(Segment(*pair, f"line {at}") for at, pair in enumerate(pairwise(TIMES.tolist())))
    return IndexedVideo(
        Video(name, path, f"Song {number}", "Late", SECONDS, True),
        Location(path, name, Path("/music"), 1, number),
        tuple(Stage(name, space.modality, space.key, "done") for space in SPACES),
        tuple(Embeddings(space, cut, maker.make(space, number, 1)[0]) for space in SPACES),
    )
