"""A library with planted moods and nothing else to search by."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mvsearch.store.library import Library
from mvsearch.store.opening import CATALOG
from mvsearch.store.records import (
    MODALITIES,
    IndexedVideo,
    Location,
    Mood,
    MoodCurve,
    MoodTrack,
    Side,
    Stage,
    Video,
)
from tests.search.conftest import SPACES

Numbers = tuple[float, float, float]


@dataclass(frozen=True)
class Planted:
    """A video with the moods of its sides; `curve` has (second, valence, arousal) of each."""

    title: str
    sound: Numbers | None = None
    picture: Numbers | None = None
    artist: str | None = None
    seconds: float = 200.0
    curve: Sequence[Numbers] = ()

    def to_video(self, number: int) -> IndexedVideo:
        video_id = f"{number:08x}"
        path = Path(f"/music/{video_id}.mp4")
        sides: dict[Side, Numbers | None] = {"picture": self.picture, "sound": self.sound}
        return IndexedVideo(
            Video(video_id, path, self.title, self.artist, self.seconds, True),
            Location(path, video_id, Path("/music"), 1, 1),
            tuple(Stage(video_id, modality, "planted", "done") for modality in MODALITIES),
            (),
            moods=tuple(
                make_track(side, numbers, self.curve)
                for side, numbers in sides.items()
                if numbers is not None
            ),
        )


def make_track(side: Side, numbers: Numbers, curve: Sequence[Numbers]) -> MoodTrack:
    """A track whose place in the joint space is its valence and arousal."""
    rows = np.array(curve, np.float32).reshape(-1, 3)
    points = np.column_stack([rows[:, 1:], np.full(len(rows), numbers[2], np.float32)])
    joint = np.array(numbers[:2], np.float32)
    return MoodTrack(side, "planted", Mood(*numbers), MoodCurve(rows[:, 0], points), joint)


def forget_moods(place: Path) -> None:
    """Take all moods out of a library, as if it were of a version before moods."""
    with closing(sqlite3.connect(place / CATALOG)) as catalog, catalog:
        catalog.execute("delete from mood")
        catalog.execute("update video set valence = null, arousal = null, mood_gap = null")


def make_library(folder: Path, songs: Sequence[Planted]) -> Library:
    """A library of these songs, numbered from 0."""
    library = Library.open(folder, create=True)
    library.catalog.adopt_profile("planted", SPACES)
    with library.writing():
        library.catalog.add_indexed([one.to_video(at) for at, one in enumerate(songs)])
    return library
