"""Stills of a library for its reports: kept ones are checked, lacking ones are made once."""

import sqlite3
from pathlib import Path

import pytest

import mvsearch.search.output.html.stills
from mvsearch.indexer.media.stills import is_still
from mvsearch.search.output.html.stills import LibraryStills
from mvsearch.store.library import Library
from tests import toy_library


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("stills")
    (home / "videos").mkdir()
    toy_library.make_clip(home / "videos" / "a.mp4", "testsrc2=s=96x64:r=10", None, 5)
    toy_library.make_clip(home / "videos" / "b.mp4", "color=black:s=96x64:r=10", None, 2)
    toy_library.index(home / "videos", home / "library", lyrics="off")
    return home / "library"


@pytest.fixture
def library(indexed: Path) -> Library:
    with Library.open(indexed) as opened:
        yield opened


def change(folder: Path, sql: str, *values: object) -> None:
    connection = sqlite3.connect(folder / "catalog.sqlite3")
    connection.execute(sql, values)
    connection.commit()
    connection.close()


def test_what_is_lacking_is_made_and_kept(
    library: Library, indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = library.catalog.videos()
    change(indexed, "DELETE FROM still")
    told: list[tuple[int, int]] = []
    made = LibraryStills(library, lambda *counts: told.append(counts))
    seconds = made.list_seconds(videos)
    assert told == [(1, 2), (2, 2)]
    [clear, black] = videos
    assert seconds[black.id] == ()
    assert seconds[clear.id] == pytest.approx((0, 3))
    places = [(clear.id, at) for at in seconds[clear.id]]
    images = dict(made.read(places))
    assert all(is_still(images[place]) for place in places)

    monkeypatch.setattr(mvsearch.search.output.html.stills, "make_stills", lambda path: ())
    again = LibraryStills(library)
    assert again.list_seconds(videos)[clear.id] == seconds[clear.id]
    assert dict(again.read(places)) == images


def test_stills_are_shown_while_another_writes(library: Library, indexed: Path) -> None:
    change(indexed, "DELETE FROM still")
    [clear, _] = library.catalog.videos()
    with Library.open(indexed) as other, other.writing():
        made = LibraryStills(library)
        seconds = made.list_seconds([clear])[clear.id]
        assert dict(made.read([(clear.id, seconds[0])]))
    assert library.catalog.still_seconds([clear.id]) == {}
    LibraryStills(library).list_seconds([clear])
    assert library.catalog.still_seconds([clear.id]) == {clear.id: seconds}


def test_a_file_that_is_gone_has_none(library: Library, indexed: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    change(indexed, "DELETE FROM still")
    [clear, _] = library.catalog.videos()
    gone = replace(clear, path=tmp_path / "gone.mp4")
    assert LibraryStills(library).list_seconds([gone]) == {clear.id: ()}


@pytest.mark.parametrize("image", [b"<svg onload=alert(1)>", b"RIFF\0\0\0\0WEBP", b""])
def test_what_a_stranger_put_there_is_not_shown(
    library: Library, indexed: Path, image: bytes
) -> None:
    [clear, _] = library.catalog.videos()
    change(indexed, "INSERT OR REPLACE INTO still VALUES (?, 0.0, ?)", clear.id, image)
    stills = LibraryStills(library)
    assert 0.0 in stills.list_seconds([clear])[clear.id]
    assert dict(stills.read([(clear.id, 0.0)])) == {}
