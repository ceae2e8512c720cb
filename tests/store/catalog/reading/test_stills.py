"""Stills come back as they were, go with their video, and are bounded in a stranger's library."""

import sqlite3
from pathlib import Path

from mvsearch.store.catalog.reading.stills import MAX_STILLS_READ
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.library import Library
from mvsearch.store.records import MAX_STILL_BYTES, Stage, Still
from tests.store.examples import FRAMES, LINES, STILLS, drop_generations, fill_song

PLACES = [("ab12", still.seconds) for still in STILLS]


def test_stills_come_back_by_place(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    fill_song(catalog, "cd34", seed=2)
    assert catalog.still_seconds(["ab12", "none"]) == {"ab12": (0.5, 4.25)}
    assert dict(catalog.still_images([PLACES[1], ("ab12", 9.0)])) == {PLACES[1]: b"RIFF other"}


def test_many_places_are_read_a_few_at_a_time(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    many = tuple(Still(at / 8, bytes([at % 256])) for at in range(MAX_STILLS_READ))
    catalog.store_stills({"ab12": many})
    found = dict(catalog.still_images([("ab12", still.seconds) for still in many] * 10))
    assert [found["ab12", still.seconds] for still in many] == [still.image for still in many]
    assert len(catalog.still_seconds(["ab12"])["ab12"]) == MAX_STILLS_READ


def test_stills_are_replaced_with_the_frames_and_by_nothing_else(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    catalog.store_stage(Stage("ab12", "lyrics", LINES.key, "absent"))
    assert catalog.still_seconds(["ab12"]) == {"ab12": (0.5, 4.25)}
    catalog.store_stage(
        Stage("ab12", "frames", FRAMES.key, "done"), stills=(Still(1.0, b"RIFF new"),)
    )
    assert catalog.still_seconds(["ab12"]) == {"ab12": (1.0,)}
    catalog.store_stage(Stage("ab12", "frames", FRAMES.key, "absent"))
    assert catalog.still_seconds(["ab12"]) == {}


def test_stills_go_with_their_video(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    catalog.drop_locations([Path("/music/ab12.mp4")])
    assert list(catalog.still_images(PLACES)) == []
    catalog.store_stills({"ab12": STILLS})
    assert list(catalog.still_images(PLACES)) == []


def test_a_strangers_stills_are_few_small_and_have_times(library: Library) -> None:
    fill_song(library.catalog, "ab12", seed=1)
    connection = sqlite3.connect(library.folder / "catalog.sqlite3")
    rows = [("ab12", 10.0 + at, b"x") for at in range(1000)]
    rows += [("ab12", 5.0, bytes(MAX_STILL_BYTES + 1)), ("ab12", float("inf"), b"x")]
    connection.executemany("INSERT INTO still VALUES (?, ?, ?)", rows)
    connection.execute("INSERT INTO still VALUES ('ab12', 'soon', 'text')")
    connection.commit()
    connection.close()
    seconds = library.catalog.still_seconds(["ab12"])["ab12"]
    assert len(seconds) == MAX_STILLS_READ
    assert seconds[:3] == (0.5, 4.25, 10.0)
    assert list(library.catalog.still_images([("ab12", 5.0)])) == []


def test_a_library_from_before_has_none_yet(catalog: Catalog, library: Library) -> None:
    fill_song(catalog, "ab12", seed=1)
    library.close()
    connection = sqlite3.connect(library.folder / "catalog.sqlite3")
    drop_generations(connection)
    connection.execute("ALTER TABLE tag DROP COLUMN modality")
    connection.execute("UPDATE alembic_version SET version_num = '0003'")
    connection.commit()
    connection.close()
    with Library.open(library.folder) as again:
        assert again.catalog.still_seconds(["ab12"]) == {}
        assert again.catalog.n_videos() == 1
