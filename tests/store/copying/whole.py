"""A library with everything that one can hold, also what is odd, for copies of it."""

import hashlib
import os
from pathlib import Path

import numpy as np
from sqlalchemy import text

from mvsearch.store.catalog.reading.sound_index import LineSounds
from mvsearch.store.library import Library
from mvsearch.store.opening import Address
from mvsearch.store.records import (
    Embeddings,
    Failure,
    Location,
    LyricLine,
    Lyrics,
    Segment,
    SoundPeaks,
    Stage,
    TempoAndKey,
    Video,
)
from tests.store.examples import FRAMES, LINES, SOUND, SPACES, fill_song, random_units

ODD_NAME = os.fsdecode(b"/music/\xff\xfe odd \n name.mp4")
_MEDIA = bytes(range(256)) * 9
KEPT = {
    "mood-heads.safetensors": b"\0\xff" * 50,
    "playlists.json": b'{"name": ["00", "02"]}',
    f"session-media/{hashlib.sha256(_MEDIA).hexdigest()}": _MEDIA,
    f"lyric-fits/{'0b' * 16}.json": b'{"a": "\\ud800"}',
}
ODD_TEXTS = ("", "a\0b", "lone \ud800 surrogate", "日本 'quoted' \\N \t", "x" * 100_000)


def fill_library(address: Address, n_videos: int = 5) -> None:
    """Make a library of some videos."""
    with Library.open(address, create=True) as library, library.writing():
        library.catalog.adopt_profile("toy", SPACES)
        for at in range(n_videos):
            fill_song(library.catalog, f"{at:02x}", seed=10 * at, n_frames=1 + at % 7)
        _add_odd(library)
        library.catalog.remove_videos(["01"])
        for name, content in KEPT.items():
            library.files.write(name, content)


def _add_odd(library: Library) -> None:
    catalog, place = library.catalog, Path(ODD_NAME)
    video = Video("odd", place, "lone \ud800 title", None, 0.5, year=1999)
    catalog.add_video(video, Location(place, "odd", place.parent, 2**40, -1))
    lines = [
        LyricLine(text, 0.0 if at else None, 2.5 if at else None)
        for at, text in enumerate(ODD_TEXTS)
    ]
    segments = (Segment(0.0, 1.0, "a\0b \ud800"), Segment(2.0, 3.0, ""))
    made = Embeddings(LINES, segments, random_units(2, LINES.dim, 3))
    stage = Stage("odd", "lyrics", LINES.key, "done", "a\0b", "sidecar", "1")
    catalog.store_stage(stage, [made], Lyrics(tuple(lines), "sidecar", ODD_NAME, None))
    untimed = Embeddings(FRAMES, (Segment(None, None),), random_units(1, FRAMES.dim, 4))
    catalog.store_stage(Stage("odd", "frames", FRAMES.key, "done"), [untimed])
    peaks = SoundPeaks(np.array([0.0, 0.5, 0.5]), np.array([0.0, 4.0, 1.5]))
    heard = Embeddings(SOUND, (Segment(0.0, 1.0),), random_units(1, SOUND.dim, 5), peaks)
    catalog.store_stage(Stage("odd", "audio", SOUND.key, "done"), [heard])
    catalog.store_tempos({"odd": TempoAndKey("1", 120.5, 0.5, "A minor", 0.25)})
    values = "'odd', 'other@1', 0, 'a tag', 0.0, 1.5, 1.0, 'frames'"
    with library.database.writing() as session:
        session.execute(text(f"INSERT INTO unused_tag VALUES ({values})"))
    catalog.store_sounds([LineSounds("odd", 3, "latin", "nihon", "nihon abc")], "1")
    catalog.record_failure(Failure(place, "frames", "damaged", "bad \ud800\0"), 5, 6)
