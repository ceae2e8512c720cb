"""Libraries whose content is made, not indexed, and what is compared of two libraries."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, parse_part
from mvsearch.store.library import Library
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    LyricLine,
    Lyrics,
    Matrix,
    Segment,
    Space,
    Stage,
    Tag,
    Video,
)

WORDS = [
    "river",
    "moon",
    "paper",
    "engine",
    "winter",
    "window",
    "harbour",
    "snow",
    "salt",
    "letter",
]
MEDIA = Path("/media/campaign")
N_LINES = 6
QUERIES = tuple(
    Query((parse_part(kind, words),))
    for kind, words in [
        ("lyric", "the paper moon over the river"),
        ("lyric", "winter snow"),
        ("text", "red harbour"),
        ("text", "blue and green"),
    ]
)
# Times of writing, which tell nothing of what was made.
HISTORY = {"generation", "added_seconds"}

# Of a result: the video, and its similarities by modality.
Answer = list[tuple[str, dict[str, float]]]


def name_video(number: int) -> str:
    """The id of a planted video."""
    return f"{number:040x}"


def make_video(number: int) -> IndexedVideo:
    """A video with vectors in all spaces, lines and a tag: the same for the same number."""
    rng = np.random.default_rng(number)
    encoders = Encoders("toy")
    video_id, path = name_video(number), MEDIA / f"{number}.mp4"
    lines = [f"the {' '.join(rng.choice(WORDS, 4))} of {number}" for _ in range(N_LINES)]
    made = [_make_embeddings(space, lines, encoders, rng) for space in encoders.spaces()]
    keys = {space.modality: space.key for space in reversed(encoders.spaces())}
    return IndexedVideo(
        Video(video_id, path, f"Song {number}", f"Artist {number % 7}", 60.0, True),
        Location(path, video_id, MEDIA, 1000 + number, 1_700_000_000_000_000_000),
        tuple(Stage(video_id, modality, key, "done") for modality, key in keys.items()),
        tuple(made),
        Lyrics(tuple(LyricLine(line, 2.0 * n, 2.0 * n + 2) for n, line in enumerate(lines)), "tag"),
        (Tag("seashore", 1.0, 2.0, 0.5),),
    )


def _make_embeddings(
    space: Space, lines: list[str], encoders: Encoders, rng: np.random.Generator
) -> Embeddings:
    if space.modality == "lyrics":
        vectors: Matrix = encoders.lyrics.encode(lines)[0]
    else:
        raw = rng.normal(size=(N_LINES, space.dim))
        vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    texts = lines if space.modality == "lyrics" else [""] * N_LINES
    segments = tuple(Segment(2.0 * n, 2.0 * n + 2, text) for n, text in enumerate(texts))
    return Embeddings(space, segments, vectors)


def plant(folder: Path, n_videos: int, without: tuple[int, ...] = ()) -> Path:
    """Make a library of planted videos, as few transactions as may be."""
    with Library.open(folder, create=True) as library, library.writing():
        library.catalog.adopt_profile("toy", Encoders("toy").spaces())
        library.catalog.add_indexed([make_video(n) for n in range(n_videos) if n not in without])
    return folder


def ask(engine: Engine, number: int) -> Answer:
    """The answer to one of `QUERIES`, by similarity alone: no background is measured for it."""
    options = SearchOptions(fusion="weighted", top=5)
    return [
        (result.video.id, {m: float(c.similarity) for m, c in result.contributions.items()})
        for result in engine.search(QUERIES[number], options)
    ]


def ask_all(library: Library) -> list[Answer]:
    """The answers to all of `QUERIES`."""
    engine = Engine(library, Encoders("toy"))
    return [ask(engine, number) for number in range(len(QUERIES))]


def is_same(one: Answer, other: Answer) -> bool:
    """Whether two answers differ by no more than rounding."""
    return [video for video, _ in one] == [video for video, _ in other] and all(
        a.keys() == b.keys() and all(abs(a[m] - b[m]) < 2e-3 for m in a)
        for (_, a), (_, b) in zip(one, other, strict=True)
    )


def dump(home: Path) -> dict[str, list[str]]:
    """All that a catalogue says, by table: sorted rows, but for what only counts changes."""
    rows: dict[str, list[str]] = {}
    with closing(sqlite3.connect(home / "catalog.sqlite3")) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        tables = {name: sql for name, sql in found if name != "sqlite_sequence"}
        words = [name for name, sql in tables.items() if "VIRTUAL" in sql]
        for table in tables:
            if table in words or any(table.startswith(f"{name}_") for name in words):
                continue
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            kept = [name for name in columns if name not in HISTORY and (table, name) not in IDS]
            listed = ", ".join(f'"{name}"' for name in kept)
            rows[table] = sorted(map(repr, connection.execute(f'SELECT {listed} FROM "{table}"')))
    return rows


# Numbers of lines in the indexes of words and of sounds: they are by the order of writing.
IDS = {("lyric_key", "id"), ("lyric_sound", "id")}


def read_vectors(library: Library) -> dict[str, Any]:
    """The indexed vectors by space and video, as the search sees them."""
    indexes = {space.key: library.index(space) for space in library.catalog.spaces()}
    return {
        f"{key} {video_id}": np.array(index.vectors(video_id))
        for key, index in indexes.items()
        for video_id in index.video_ids
    }


def find_difference(home: Path, expected: Path) -> str | None:
    """Where the catalogues, vectors or answers of two libraries differ; None where they do not."""
    held, wanted = dump(home), dump(expected)
    for table in sorted(held.keys() | wanted.keys()):
        if held.get(table) != wanted.get(table):
            more = set(held.get(table, ())) ^ set(wanted.get(table, ()))
            return f"table {table}: {len(more)} rows differ, such as {next(iter(more), '')[:300]}"
    with Library.open(home) as one, Library.open(expected) as other:
        seen, should = read_vectors(one), read_vectors(other)
        for name in sorted(seen.keys() | should.keys()):
            if name not in seen or name not in should:
                return f"only one of the indexes has {name}"
            if not np.allclose(seen[name], should[name], atol=1e-5):
                return f"vectors of {name} differ"
        pairs = zip(ask_all(one), ask_all(other), strict=True)
        differ = [n for n, (a, b) in enumerate(pairs) if not is_same(a, b)]
    return f"answers to {QUERIES[differ[0]]} differ" if differ else None


def check_integrity(home: Path) -> str | None:
    """What SQLite finds wrong with a catalogue; None where it is well."""
    with closing(sqlite3.connect(home / "catalog.sqlite3")) as connection:
        said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    if said != ["ok"] or orphans:
        return f"integrity_check: {said[:3]}, rows without parents: {orphans[:3]}"
    return None
