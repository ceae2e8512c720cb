"""A library with planted vectors, and encoders that say what they are told to."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from mvsearch.indexer.encoders import ENCODERS, PROFILES
from mvsearch.indexer.encoders.audio.signal import Signal
from mvsearch.indexer.encoders.image.efficientnet import EfficientNetLite0
from mvsearch.indexer.encoders.text.minilm import MiniLM
from mvsearch.store.library import Library
from mvsearch.store.records import (
    MODALITIES,
    Embeddings,
    IndexedVideo,
    Location,
    Modality,
    Segment,
    Space,
    Stage,
    Tag,
    Video,
)

FRAMES = Space("frames", "planted-frames", "1", 16)
WORDS = Space("frames", "planted-frames", "1", 12, view="words")
LYRICS = Space("lyrics", "planted-lyrics", "1", 12)
AUDIO = Space("audio", "planted-audio", "1", 10)
SPACES = (FRAMES, WORDS, LYRICS, AUDIO)


def unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=np.float64)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def spans(n: int, every_seconds: float = 1.0, length_seconds: float | None = None) -> list[Segment]:
    length = every_seconds if length_seconds is None else length_seconds
    return [Segment(i * every_seconds, i * every_seconds + length) for i in range(n)]


def make_indexed(
    folder: Path,
    video_id: str,
    held: Mapping[Space, tuple[np.ndarray, Sequence[Segment]]],
    tags: Sequence[Tag],
) -> IndexedVideo:
    path = folder / f"{video_id}.mp4"
    filled = {space.modality for space in held}
    return IndexedVideo(
        Video(video_id, path, f"Song {video_id}", "Planted", 60.0, True),
        Location(path, video_id, folder, 1, 1),
        tuple(
            Stage(video_id, modality, "planted", "done" if modality in filled else "absent")
            for modality in MODALITIES
        ),
        tuple(Embeddings(space, tuple(of), unit(v)) for space, (v, of) in held.items()),
        tags=tuple(tags),
    )


class CalibratedFrames:
    """Planted vectors whose cosines mean what those of the default encoders do."""

    points = EfficientNetLite0.points


class CalibratedAudio:
    points = Signal.points


class CalibratedLyrics:
    points = MiniLM.points


@pytest.fixture(scope="module", autouse=True)
def calibrated() -> Iterator[None]:
    """Encoders of planted vectors are in the table."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for family in ("planted", "wide"):
            for kind in ("Frames", "Audio", "Lyrics"):
                place = f"{__name__}:Calibrated{kind}"
                monkeypatch.setitem(ENCODERS, f"{family}-{kind.lower()}", place)
        yield


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that builds a library: {video id: {space: (vectors, segments)}}."""
    tmp_path = tmp_path_factory.mktemp("planted")
    opened: list[Library] = []

    def build(
        content: dict[str, dict[Space, tuple[np.ndarray, Sequence[Segment]]]],
        spaces: Sequence[Space] = SPACES,
        tags: Mapping[str, Sequence[Tag]] = MappingProxyType({}),
    ) -> Library:
        library = Library.open(tmp_path / f"library{len(opened)}", create=True)
        opened.append(library)
        library.catalog.adopt_profile("planted", spaces)
        library.catalog.add_indexed(
            [
                make_indexed(tmp_path, name, held, tags.get(name, ()))
                for name, held in content.items()
            ]
        )
        return library

    yield build
    for library in opened:
        library.close()


class Planted:
    """An encoder that looks its vectors up by the text it is given; others are noise."""

    def __init__(self, spaces: tuple[Space, ...], table: dict[str, np.ndarray]) -> None:
        self.spaces = spaces
        self.table = table

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, ...]:
        return (unit(np.stack([self.look_up(text, self.spaces[0]) for text in texts])),)

    def look_up(self, text: str, space: Space) -> np.ndarray:
        if text in self.table:
            return self.table[text]
        return np.random.default_rng(zlib.crc32(text.encode())).normal(size=space.dim)


class PlantedWords(Planted):
    frame_size = (8, 8)

    def encode_words(self, texts: Sequence[str]) -> np.ndarray:
        return unit(np.stack([self.look_up(text, self.spaces[-1]) for text in texts]))


class PlantedEncoders:
    """Stands in for `indexer.encoders.Encoders`; notes which encoders were asked for."""

    name = "planted"
    profile = PROFILES["toy"]

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


@pytest.fixture(scope="session")
def planted_encoders() -> Callable[..., PlantedEncoders]:
    return PlantedEncoders


@pytest.fixture(scope="session")
def spaces() -> dict[str, Space]:
    return {"frames": FRAMES, "words": WORDS, "lyrics": LYRICS, "audio": AUDIO}


@pytest.fixture(scope="session")
def conftest_spans() -> Callable[..., list[Segment]]:
    return spans
