"""Moods in the catalogue: what is stored is read, alone and for all videos at once."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.library import Library
from mvsearch.store.records import MoodCurve, MoodTrack, Stage
from tests.store.examples import FRAMES, SOUND, add_song, fill_song, make_embeddings, make_track
from tests.store.test_stage_columns import migrate


def test_what_a_stage_stores_is_read(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", 1)
    picture, sound = catalog.mood_tracks("ab12")
    assert (picture.side, picture.mood) == ("picture", make_track("picture", 0.25, 0.5).mood)
    assert (sound.head, sound.joint.tolist()) == ("toy-1", [0.75, -1.5])
    assert sound.curve.points == pytest.approx(np.full((2, 3), (0.75, 0.5, 0.5)), abs=0.51 / 255)
    mood = catalog.moods(["ab12", "none"])["ab12"]
    assert mood.to_dict()["gap"] == pytest.approx(0.5 / np.sqrt(2), abs=1e-3)
    video = catalog.video("ab12")
    assert (video.valence, video.arousal) == (0.472, 0.528)
    assert video.moods == ("tense",)
    assert video.mood_gap == pytest.approx(0.5 / np.sqrt(2), abs=1e-4)


def test_a_stage_that_is_done_again_replaces_its_side_alone(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", 1)
    catalog.store_stage(Stage("ab12", "frames", FRAMES.key, "absent", "every frame is grey"))
    assert [track.side for track in catalog.mood_tracks("ab12")] == ["sound"]
    video = catalog.video("ab12")
    assert (video.valence, video.mood_gap) == (0.75, None)
    add_song(catalog, "ab12", title="Other name")
    assert catalog.video("ab12").valence == 0.75
    catalog.store_stage(Stage("ab12", "audio", SOUND.key, "absent"))
    assert catalog.video("ab12").moods == ()


def test_all_moods_of_one_side_are_read_at_once(catalog: Catalog) -> None:
    for at, video_id in enumerate(("cd34", "ab12", "ef56")):
        fill_song(catalog, video_id, at)
    add_song(catalog, "0000")
    catalog.store_moods(
        [("cd34", make_track("sound", 0.125, 1.0)), ("gone", make_track("sound", 0, 0))]
    )
    table = catalog.mood_table("sound")
    assert table.video_ids == ("ab12", "cd34", "ef56")
    assert table.moods.tolist() == [[0.75, 0.5, 0.5], [0.125, 1.0, 0.5], [0.75, 0.5, 0.5]]
    assert table.joint.tolist() == [[0.75, -1.5], [0.125, -1.5], [0.75, -1.5]]
    assert catalog.mood_table("sound", "other").moods.shape == (0, 3)
    other = MoodTrack(
        "sound", "other", table_mood(catalog), MoodCurve(*no_curve()), np.zeros(0, np.float32)
    )
    catalog.store_moods([("ab12", other)])
    assert catalog.mood_table("sound").joint.shape == (3, 0)
    assert catalog.mood_table("sound", "toy-1").joint.shape == (2, 2)


def table_mood(catalog: Catalog):
    return catalog.moods(["ab12"])["ab12"].sound


def no_curve():
    return np.zeros(0, np.float32), np.zeros((0, 3), np.float32)


def test_videos_lack_a_mood_until_this_head_made_it(catalog: Catalog) -> None:
    for video_id in ("ab12", "cd34", "ef56"):
        add_song(catalog, video_id)
        heard = [make_embeddings(SOUND, 0 if video_id == "ef56" else 2, 1)]
        catalog.store_stage(Stage(video_id, "audio", SOUND.key, "done"), heard)
    assert catalog.without_mood(SOUND.key, "sound", "toy-1") == ["ab12", "cd34"]
    catalog.store_moods([("ab12", make_track("sound", 0.5, 0.5))])
    assert catalog.without_mood(SOUND.key, "sound", "toy-1") == ["cd34"]
    assert catalog.without_mood(SOUND.key, "sound", "toy-2") == ["ab12", "cd34"]
    assert catalog.without_mood(SOUND.key, "picture", "toy-1") == ["ab12", "cd34"]


def test_moods_go_with_their_video(library: Library, catalog: Catalog) -> None:
    fill_song(catalog, "ab12", 1)
    catalog.remove_videos(["ab12"])
    assert catalog.mood_table("picture").video_ids == ()


def test_a_library_from_before_has_no_moods_and_keeps_all_else(library: Library) -> None:
    fill_song(library.catalog, "ab12", 1)
    library.close()
    migrate(library.folder, "0011")
    with closing(sqlite3.connect(library.folder / "catalog.sqlite3")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'mood'").fetchall()
        columns = {row[1] for row in connection.execute("PRAGMA table_info(video)")}
    assert tables == []
    assert columns.isdisjoint({"valence", "arousal", "mood_gap"})
    with Library.open(library.folder) as opened:
        assert opened.catalog.mood_tracks("ab12") == ()
        assert opened.catalog.video("ab12").title == "Song"
        assert opened.catalog.without_mood(FRAMES.key, "picture", "toy-1") == ["ab12"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("valence", 1.5), ("arousal", "much"), ("confidence", -1), ("side", "smell"),
        ("head", b"\x00"), ("joint", b"\x00\x00\xc0\x7f\x00\x00\xc0\x7f"), ("joint", b"123"),
        ("curve", b"12345678"), ("curve", bytes(7007)), ("curve", b"\x00\x00\xc0\x7f\x01\x02\x03"),
        ("curve", b"\x00\x00\x80\x7f\x01\x02\x03"), ("curve", "rising"),
    ],
)  # fmt: skip
def test_hostile_rows_are_damage(library: Library, column: str, value: object) -> None:
    fill_song(library.catalog, "ab12", 1)
    file = library.folder / "catalog.sqlite3"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"UPDATE mood SET {column} = ? WHERE side = 'sound'", (value,))
    with pytest.raises(LibraryDamagedError):
        library.catalog.mood_tracks("ab12")
    if column in ("valence", "arousal", "confidence", "joint"):
        with pytest.raises(LibraryDamagedError):
            library.catalog.mood_table("sound")
