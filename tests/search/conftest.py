"""A library with planted vectors, and encoders that say what they are told to."""

import importlib.util
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from store.errors import EncoderMismatchError, VideoNotFoundError
from store.records import Embeddings, Location, Modality, Segment, Space, Stage, Video

FRAMES = Space("frames", "planted-frames", "1", 16)
WORDS = Space("frames", "planted-frames", "1", 12, view="words")
LYRICS = Space("lyrics", "planted-lyrics", "1", 12)
AUDIO = Space("audio", "planted-audio", "1", 10)
SPACES = (FRAMES, WORDS, LYRICS, AUDIO)


class FakeIndex:
    def __init__(self, space: Space, held: dict[str, Embeddings]) -> None:
        self.space = space
        self.video_ids = tuple(sorted(held))
        sizes = [len(held[v].segments) for v in self.video_ids]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        segs = [s for v in self.video_ids for s in held[v].segments]
        nan = float("nan")
        self.starts = np.array([nan if s.start_seconds is None else s.start_seconds for s in segs])
        self.ends = np.array([nan if s.end_seconds is None else s.end_seconds for s in segs])
        self.n = len(segs)
        self.centre = np.zeros(space.dim, np.float32)
        self.all = (
            np.concatenate([held[v].vectors for v in self.video_ids])
            if segs
            else np.zeros((0, space.dim), np.float32)
        )

    def place(self, queries):
        return queries

    def rows(self, video_id):
        if video_id not in self.video_ids:
            return slice(0, 0)
        at = self.video_ids.index(video_id)
        return slice(int(self.offsets[at]), int(self.offsets[at + 1]))

    def vectors(self, video_id):
        return self.all[self.rows(video_id)]

    def video_of(self, rows):
        return np.searchsorted(self.offsets, rows, side="right") - 1

    def search(self, queries, k, video_ids=None):
        s = queries @ self.all.T
        if video_ids is not None:
            ok = np.isin(
                self.video_of(np.arange(self.n)), [self.video_ids.index(v) for v in video_ids]
            )
            s[:, ~ok] = -np.inf
        order = np.argsort(-s, axis=1, kind="stable")[:, :k]
        sim = np.take_along_axis(s, order, 1)
        order = np.where(np.isfinite(sim), order, -1)
        pad = k - order.shape[1]
        return np.pad(sim, ((0, 0), (0, pad)), constant_values=-1), np.pad(
            order, ((0, 0), (0, pad)), constant_values=-1
        )


class FakeCatalog:
    def __init__(self):
        self.v, self.e, self.s = {}, {}, []

    def set_profile(self, name, spaces):
        self.s = list(spaces)

    def spaces(self):
        return list(self.s)

    def check_spaces(self, profile, spaces):
        if {s.key for s in spaces} != {s.key for s in self.s}:
            raise EncoderMismatchError("other encoders")

    def add_video(self, video, location):
        self.v[video.id] = video

    def store_stage(self, stage, embeddings=(), lyrics=None):
        for e in embeddings:
            self.e[e.space.key, stage.video_id] = e

    def videos(self):
        return sorted(self.v.values(), key=lambda v: (v.artist or "", v.title, v.id))

    def video(self, i):
        return self.v[i]

    def find_video(self, name):
        for v in self.v.values():
            if v.id == name or name in v.title:
                return v
        raise VideoNotFoundError(f"no video {name}")

    def embeddings(self, i, key):
        return self.e.get((key, i))


class FakeLibrary:
    def __init__(self):
        self.catalog = FakeCatalog()

    @classmethod
    def open(cls, folder, *, create=False):
        return cls()

    def index(self, space):
        return FakeIndex(space, {v: e for (k, v), e in self.catalog.e.items() if k == space.key})

    def close(self):
        pass


if importlib.util.find_spec("store.library") is None:
    for name, member, cls in (
        ("store.library", "Library", FakeLibrary),
        ("store.vectors", "SpaceIndex", FakeIndex),
    ):
        module = types.ModuleType(name)
        setattr(module, member, cls)
        sys.modules[name] = module

from store.library import Library  # noqa: E402

Plant = dict[Modality, tuple[np.ndarray, Sequence[Segment]]]


def unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=np.float64)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def spans(n: int, every_seconds: float = 1.0, length_seconds: float | None = None) -> list[Segment]:
    length = every_seconds if length_seconds is None else length_seconds
    return [Segment(i * every_seconds, i * every_seconds + length) for i in range(n)]


@pytest.fixture
def plant(tmp_path: Path) -> Any:
    """A function that builds a library: {video id: {space: (vectors, segments)}}."""
    opened: list[Library] = []

    def build(
        content: dict[str, dict[Space, tuple[np.ndarray, Sequence[Segment]]]],
        spaces: Sequence[Space] = SPACES,
    ) -> Library:
        library = Library.open(tmp_path / f"library{len(opened)}", create=True)
        opened.append(library)
        library.catalog.set_profile("planted", spaces)
        for video_id, held in content.items():
            path = tmp_path / f"{video_id}.mp4"
            video = Video(video_id, path, f"Song {video_id}", "Planted", 60.0, True)
            library.catalog.add_video(video, Location(path, video_id, tmp_path, 1, 1))
            for modality in ("frames", "lyrics", "audio"):
                made = [
                    Embeddings(s, tuple(seg), unit(v))
                    for s, (v, seg) in held.items()
                    if s.modality == modality
                ]
                status = "done" if made else "absent"
                library.catalog.store_stage(Stage(video_id, modality, "planted", status), made)
        return library

    yield build
    for library in opened:
        library.close()


class Planted:
    """An encoder that looks its vectors up by the text it is given."""

    def __init__(self, spaces: tuple[Space, ...], table: dict[str, np.ndarray]) -> None:
        self.spaces = spaces
        self.table = table

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, ...]:
        return (unit(np.stack([self.table[text] for text in texts])),)


class PlantedWords(Planted):
    def encode_words(self, texts: Sequence[str]) -> np.ndarray:
        return unit(np.stack([self.table[text] for text in texts]))


class PlantedEncoders:
    """Stands in for `indexer.encoders.Encoders`; notes which encoders were asked for."""

    name = "planted"

    def __init__(self, table: dict[str, np.ndarray] | None = None) -> None:
        table = table or {}
        self.made = {
            "frames": PlantedWords((FRAMES, WORDS), table),
            "lyrics": Planted((LYRICS,), table),
            "audio": Planted((AUDIO,), table),
        }
        self.used: list[str] = []

    def get(self, modality: Modality) -> Any:
        self.used.append(modality)
        return self.made[modality]


@pytest.fixture
def planted_encoders() -> Callable[..., PlantedEncoders]:
    return PlantedEncoders


@pytest.fixture
def spaces() -> dict[str, Space]:
    return {"frames": FRAMES, "words": WORDS, "lyrics": LYRICS, "audio": AUDIO}


@pytest.fixture
def conftest_spans() -> Callable[..., list[Segment]]:
    return spans
