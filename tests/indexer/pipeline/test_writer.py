"""The duration that a library knows, whatever stage measured it, and whichever was done again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.event import listen, remove

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.media.decoding.types import Decoded
from mvsearch.indexer.media.files.scan import ScannedFile
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.outcome import Outcome
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.pipeline.writer import CatalogWriter
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.tables import FailureRow
from mvsearch.store.library import Library
from mvsearch.store.records import Failure
from tests.media import probe_duration, run_ffmpeg
from tests.store.examples import add_song


def make_uneven_streams(path: Path, picture_seconds: float, sound_seconds: float) -> Path:
    picture = f"testsrc2=s=64x48:r=10:d={picture_seconds}"
    sound = f"sine=f=440:d={sound_seconds}"
    run_ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:a", "aac", path)
    return path


def index(folder: Path, home: Path, decoded: Decoded = "needed") -> float:
    """Index a folder of one video; returns the duration that is known then."""
    with Library.open(home, create=True) as library:
        options = IndexOptions(analysis=AnalysisOptions(decoded=decoded))
        index_paths([folder], library, Encoders("toy"), options)
        (video,) = library.catalog.videos()
        assert video.is_duration_measured
        return video.duration_seconds


def take_key_frames_first(folder: Path, home: Path) -> None:
    index(folder, home, "key")


def lose_stage(stage: str) -> Callable[[Path, Path], None]:
    """A run that was killed before this stage was stored."""

    def prepare(folder: Path, home: Path) -> None:
        index(folder, home)
        with closing(sqlite3.connect(home / "catalog.sqlite3")) as connection, connection:
            connection.execute("DELETE FROM stage WHERE stage = ?", (stage,))

    return prepare


@pytest.mark.parametrize(("picture", "sound"), [(2, 9), (9, 2)])
@pytest.mark.parametrize(
    "prepare", [take_key_frames_first, lose_stage("frames"), lose_stage("audio")]
)
def test_the_longest_that_was_measured_stays(
    tmp_path: Path, picture: float, sound: float, prepare: Callable[[Path, Path], None]
) -> None:
    folder, home = tmp_path / "videos", tmp_path / "library"
    folder.mkdir()
    path = make_uneven_streams(folder / "a.mp4", picture, sound)
    prepare(folder, home)
    assert index(folder, home) == pytest.approx(probe_duration(path), abs=0.15)


def test_what_no_decoder_measured_is_no_measurement(tmp_path: Path) -> None:
    """A stage without a stream is done without decoding: it leaves the duration to the others."""
    folder, home = tmp_path / "videos", tmp_path / "library"
    folder.mkdir()
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=3", folder / "a.mp4")
    measured = index(folder, home)
    with closing(sqlite3.connect(home / "catalog.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM stage WHERE stage = 'audio'")
        connection.execute("UPDATE video SET duration_seconds = 1.5")
    assert measured == pytest.approx(3.0, abs=0.15)
    assert index(folder, home) == 1.5


def test_a_moved_file_inherits_without_reading_the_failures_of_others(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", create=True) as library:
        check_inheritance(library.catalog)


def check_inheritance(catalog: Catalog) -> None:
    old, new = Path("/music/old.mp4"), Path("/music/new.mp4")
    add_song(catalog, "ab12", path=old)
    cut = Failure(old, "decode", "truncated", "it is cut off")
    for failure in (cut, Failure(old, "lyrics", "bad_lyrics", "no text")):
        catalog.record_failure(failure)
    for number in range(50):
        bad = Failure(Path(f"/music/bad{number}.mp4"), "decode", "truncated", "another")
        catalog.record_failure(bad)
    found = Found(ScannedFile(new, 10, 20), "ab12")
    loaded: list[FailureRow] = []

    def count(row: FailureRow, _: object) -> None:
        loaded.append(row)

    listen(FailureRow, "load", count)
    try:
        writer = CatalogWriter(catalog)
        writer.keep_outcome([found], Outcome(found, catalog.video("ab12")))
    finally:
        remove(FailureRow, "load", count)
    assert writer.summary.failures == [replace(cut, path=new)]
    assert catalog.failure_stamp(new) == (10, 20)
    # Its own, and again where it is stored under the new name.
    assert len(loaded) <= 2
