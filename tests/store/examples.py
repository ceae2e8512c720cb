"""Small records that the tests of the store are made of."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from mvsearch.store.catalog.reading.vectors import Snapshot
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.blobs import StoredVectors
from mvsearch.store.records import (
    Embeddings,
    Location,
    LyricLine,
    Lyrics,
    Matrix,
    Metadata,
    MetadataField,
    Mood,
    MoodCurve,
    MoodTrack,
    Segment,
    ShownLine,
    Side,
    Space,
    Stage,
    Still,
    Tag,
    Video,
    WhisperSegment,
    Word,
)
from mvsearch.store.vectors.exact.row_index import RowIndex
from mvsearch.store.vectors.update import build_in_memory

FRAMES = Space("frames", "seer", "1", 8)
WORDS = Space("frames", "seer", "1", 6, view="words")
LINES = Space("lyrics", "reader", "2", 6)
SOUND = Space("audio", "hearer", "3", 4)
SPACES = [FRAMES, WORDS, LINES, SOUND]

LYRICS = Lyrics(
    (
        LyricLine(
            "take me home",
            1.25,
            3.5,
            (Word("take", 1.25, 1.5), Word("me", 1.5, 1.75), Word("home", 1.75, 3.5)),
            None,
            WhisperSegment(0, 300, (50364, 1747, 385), 0.2, -0.25, 1.5, 0.125),
        ),
        LyricLine("thanks for watching", 3.5, 4.0, (), "no voice", None),
        LyricLine("'; DROP TABLE lyric_line; --"),
    ),
    "whisper",
    "base",
    "en",
)


STILLS = (Still(0.5, b"RIFF one"), Still(4.25, b"RIFF other"))
METADATA = Metadata(
    (
        MetadataField("title", ("Song",), "nfo"),
        MetadataField("album", ("Tides & Sálts",), "info.json"),
        MetadataField("genre", ("Rock", "Indie rock"), "tags"),
        MetadataField("description", ("About the sea\nand the shore",), "info.json"),
        MetadataField("musicbrainz_recording", ("b1a9c0e9-d987-4042-ae91-78d6a3267d69",), "tags"),
    ),
    mark="1:abc",
)
SHOWN = (
    ShownLine("take me home", 1.25, 3.5, 0.96875),
    ShownLine("'; DROP TABLE ocr_line; --", 4.0, 9.5, 0.75, is_moving=True),
)
TAGS = (Tag("seashore", 1.5, 2.5, 0.75), Tag("drake, mallard", 0.0, 0.5, 0.5))


def random_units(n: int, dim: int, seed: int) -> Matrix:
    """Vectors of length one around a common direction, as encoders make them."""
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(n, dim)) + 1.0
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def make_track(side: Side, valence: float, arousal: float, confidence: float = 0.5) -> MoodTrack:
    """The mood of one side, the same for two seconds."""
    mood = Mood(valence, arousal, confidence)
    points = np.full((2, 3), (valence, arousal, confidence), dtype=np.float32)
    curve = MoodCurve(np.arange(2, dtype=np.float32), points)
    return MoodTrack(side, "toy-1", mood, curve, np.array([valence, -1.5], dtype=np.float32))


def make_embeddings(space: Space, n: int, seed: int, text: str = "") -> Embeddings:
    """Embeddings of n segments of half a second."""
    segments = tuple(Segment(i / 2, (i + 1) / 2, f"{text} {i}" if text else "") for i in range(n))
    return Embeddings(space, segments, random_units(n, space.dim, seed))


def add_song(
    catalog: Catalog,
    video_id: str,
    *,
    path: Path | None = None,
    title: str = "Song",
    artist: str | None = "Artist",
    folder: Path = Path("/music"),
) -> Video:
    """Add a video without stages."""
    place = path or folder / f"{video_id}.mp4"
    video = Video(video_id, place, title, artist, 61.5)
    catalog.add_video(video, Location(place, video_id, folder, 1000, 1_700_000_000_000_000_001))
    return video


def fill_song(catalog: Catalog, video_id: str, seed: int, n_frames: int = 5) -> None:
    """Add a video with everything that a video can have."""
    video = add_song(catalog, video_id)
    place = Location(video.path, video_id, Path("/music"), 1000, 1_700_000_000_000_000_001)
    catalog.add_video(video, place, METADATA)
    seen = [make_embeddings(FRAMES, n_frames, seed), make_embeddings(WORDS, n_frames, seed + 1)]
    catalog.store_stage(
        Stage(video_id, "frames", FRAMES.key, "done"),
        seen,
        uniform_seconds=(0.0, 0.5),
        tags=TAGS,
        stills=STILLS,
        mood=make_track("picture", 0.25, 0.5),
    )
    read = [make_embeddings(LINES, 3, seed + 2, text="line")]
    catalog.store_stage(
        Stage(video_id, "lyrics", LINES.key, "done", "", "sidecar", "1"), read, LYRICS
    )
    heard = [make_embeddings(SOUND, 4, seed + 3)]
    catalog.store_stage(
        Stage(video_id, "audio", SOUND.key, "done"), heard, mood=make_track("sound", 0.75, 0.5)
    )
    catalog.store_stage(Stage(video_id, "ocr", "reader:ocr@2", "done"), shown=SHOWN)


class HeldVectors:
    """What a snapshot of a catalogue would give, held in memory."""

    generation = 7

    def __init__(self, vectors: Mapping[str, Matrix]) -> None:
        self.vectors = vectors
        self.versions = dict.fromkeys(vectors, 1)

    def read(self, video_ids: Sequence[str]) -> Iterator[StoredVectors]:
        for video_id in video_ids:
            half = self.vectors[video_id].astype(np.float16)
            starts = np.arange(len(half)) / 2.0
            yield StoredVectors(video_id, half, starts, starts + 0.5, 1)


def make_index(space: Space, vectors: Mapping[str, Matrix]) -> RowIndex:
    """The index of these vectors, half a second each, by video id."""
    return build_in_memory(space, cast(Snapshot, HeldVectors(vectors)))


def drop_generations(connection: sqlite3.Connection) -> None:
    """Take back what the tables have since their fourth version."""
    connection.execute("ALTER TABLE space DROP COLUMN is_used")
    for trigger in ("added", "dropped"):
        connection.execute(f"DROP TRIGGER lyric_sound_{trigger}")
    for table in ("lyric_sound_gram", "lyric_sound", "unused_tag", "metadata", "mood"):
        connection.execute(f"DROP TABLE {table}")
    for column in (
        *("year", "is_year_read", "added_seconds", "title_folded", "artist_folded"),
        *("valence", "arousal", "mood_gap"),
        *("metadata_mark", "artwork", "gain_db", "peak"),
        *("bpm", "bpm_confidence", "key", "key_confidence", "tempo_revision"),
    ):
        connection.execute(f"ALTER TABLE video DROP COLUMN {column}")
    for trigger in ("added", "dropped", "leaves", "comes"):
        connection.execute(f"DROP TRIGGER ocr_line_{trigger}")
    for table in ("ocr_gram_term", "ocr_gram", "ocr_word", "ocr_key", "ocr_line", "removed"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("DROP TABLE still")
    for column in ("origin", "fingerprint", "sampling", "has_key_frames_only"):
        connection.execute(f"ALTER TABLE stage DROP COLUMN {column}")
    connection.execute("DROP INDEX ix_embedding_space_key_video_id_generation")
    for column in ("generation", "peaks"):
        connection.execute(f"ALTER TABLE embedding DROP COLUMN {column}")
    connection.execute("CREATE INDEX ix_embedding_space_key_video_id ON embedding (space_key)")
