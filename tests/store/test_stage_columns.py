"""The stages of a library from before they had columns of their own."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

import mvsearch.indexer.media.decoding.sampling
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.media.decoding.sampling import sampling_mark
from mvsearch.indexer.media.decoding.types import Decoded
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.store.database import schema
from mvsearch.store.database.connection import Database, sqlite_url
from mvsearch.store.library import Library
from mvsearch.store.records import Stage
from tests.store.examples import FRAMES, LINES, SOUND, fill_song
from tests.toy_library import make_clip

NO_SOUND = "the file has no sound"
GREY = "every frame is of one colour"


def migrate(folder: Path, revision: str) -> None:
    """Bring a closed library to a revision, older ones as well."""
    file = folder / "catalog.sqlite3"
    database = Database(sqlite_url(file, "rw"), str(file), has_foreign_keys=False)
    config = Config(attributes={})
    config.set_main_option("script_location", str(schema._MIGRATIONS))
    with database.writing() as session:
        config.attributes["connection"] = session.connection()
        move = command.downgrade if revision < schema.HEAD else command.upgrade
        move(config, revision)
    database.close()


OLD = {
    ("ab12", "frames"): ("done", "key frames only"),
    ("cd34", "frames"): ("absent", f"{GREY}; key frames only"),
    ("ef56", "frames"): ("absent", "the file has no picture"),
    ("ab12", "lyrics"): ("done", "sidecar a|b.lrc|0123456789abcdef"),
    ("cd34", "lyrics"): ("absent", "no sound|fedcba9876543210"),
    ("ef56", "lyrics"): ("pending", "not heard yet|fedcba9876543210"),
    ("ab12", "audio"): ("absent", NO_SOUND),
    ("cd34", "audio"): ("done", ""),
    ("ef56", "audio"): ("done", ""),
}
RULE = "82ebbf0d8ab66432"  # as it was when the column came
NEW = {
    ("ab12", "frames"): ("done", "", "", "", RULE, True),
    ("cd34", "frames"): ("absent", GREY, "", "", RULE, True),
    ("ef56", "frames"): ("absent", "the file has no picture", "", "", "", False),
    ("ab12", "lyrics"): ("done", "", "sidecar a|b.lrc", "0123456789abcdef", "", False),
    ("cd34", "lyrics"): ("absent", "no sound", "", "fedcba9876543210", "", False),
    ("ef56", "lyrics"): ("pending", "not heard yet", "", "fedcba9876543210", "", False),
    ("ab12", "audio"): ("absent", NO_SOUND, "", "", "", False),
    ("cd34", "audio"): ("done", "", "", "", "", False),
    ("ef56", "audio"): ("done", "", "", "", "", False),
}


def test_what_a_detail_held_moves_into_columns_and_back(library: Library) -> None:
    for at, video_id in enumerate(("ab12", "cd34", "ef56")):
        fill_song(library.catalog, video_id, at)
    library.close()
    migrate(library.folder, "0004")
    with closing(sqlite3.connect(library.folder / "catalog.sqlite3")) as connection, connection:
        for (video_id, stage), values in OLD.items():
            connection.execute(
                "UPDATE stage SET status = ?, detail = ? WHERE video_id = ? AND stage = ?",
                (*values, video_id, stage),
            )
    encoders = {"frames": FRAMES.key, "lyrics": LINES.key, "audio": SOUND.key}
    with Library.open(library.folder) as opened:
        for (video_id, stage), values in NEW.items():
            expected = Stage(video_id, stage, encoders[stage], *values)  # type: ignore[arg-type]
            assert opened.catalog.stage(video_id, stage, encoders[stage]) == expected  # type: ignore[arg-type]
            assert opened.catalog.stages_of(stage, encoders[stage])[video_id] == expected  # type: ignore[arg-type]
    migrate(library.folder, "0004")
    with closing(sqlite3.connect(library.folder / "catalog.sqlite3")) as connection:
        rows = connection.execute("SELECT video_id, stage, status, detail FROM stage")
        assert {row[:2]: row[2:] for row in rows} == OLD


class Notes(Silence):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, message: str) -> None:
        self.said.append(message)


Index = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Index a folder of one video; returns how many were indexed, and what was said."""
    folder = tmp_path / "videos"
    folder.mkdir()
    make_clip(folder / "a.mp4", "testsrc2=s=64x48:r=10", None, 3)
    (folder / "a.lrc").write_text("[00:01.00]a line\n")

    def run(frame_rate: float | None = None, decoded: Decoded = "needed") -> tuple[int, list[str]]:
        notes = Notes()
        options = IndexOptions(analysis=AnalysisOptions(frame_rate, decoded=decoded))
        with Library.open(tmp_path / "library", create=True) as library:
            summary = index_paths([folder], library, Encoders("toy"), options, progress=notes)
        return summary.indexed, notes.said

    return run


@pytest.mark.parametrize("decoded", ["needed", "key"])
def test_nothing_is_indexed_anew_after_the_migration(
    index: Index, tmp_path: Path, decoded: Decoded
) -> None:
    assert index(decoded=decoded)[0] == 1
    migrate(tmp_path / "library", "0004")
    years = "Tags of 1 video are read again, for year, album and what else filters ask for"
    moods = "Measuring the mood of 1 video from stored vectors"
    assert index(decoded=decoded) == (0, [years, moods])
    assert index(decoded=decoded) == (0, [])


def test_another_rule_takes_all_frames_anew(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert index() == (1, [])
    shutil.copytree(tmp_path / "library", tmp_path / "old")
    monkeypatch.setattr(
        mvsearch.indexer.media.decoding.sampling, "choose_frame_rate", lambda seconds: 3.0
    )
    sampling_mark.cache_clear()
    (said,) = index()[1]
    assert "another rule" in said
    assert index() == (0, [])
    monkeypatch.undo()
    sampling_mark.cache_clear()
    # A rate that was asked for is no rule, and stays whatever the rule is.
    shutil.rmtree(tmp_path / "library")
    assert index(frame_rate=5.0) == (1, [])
    monkeypatch.setattr(mvsearch.indexer.media.decoding.sampling, "SELECTION", 2)
    sampling_mark.cache_clear()
    assert index() == (0, [])
    monkeypatch.undo()
    sampling_mark.cache_clear()
