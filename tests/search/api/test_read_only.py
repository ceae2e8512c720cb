"""A library that is open for reading only is the same afterwards, to the last byte."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

import mvsearch
from mvsearch.store.errors import MvsearchError
from tests import toy_library


def read(folder: Path) -> Mapping[str, bytes]:
    """All files, without those of SQLite that hold no change."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not file.name.endswith(("-shm", "-wal"))
    }


def test_nothing_is_written(tmp_path: Path) -> None:
    place = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    with closing(sqlite3.connect(place / "catalog.sqlite3")) as catalog, catalog:
        catalog.execute("delete from still")  # as a library of an earlier version
    assert not (place / "vectors").exists()  # which a search would make
    before = read(place)
    with mvsearch.open(place, read_only=True) as library:
        (first,) = [video for video in library.videos() if video.title == "First Song"]
        assert library.still(first.id, 2.0) is not None
        assert library.search(text="take me home")[0].video.id
        assert library.search(clip=str(tmp_path / "videos" / first.path.name))[0].video == first
        for change in (lambda: library.index(tmp_path / "videos"), lambda: library.remove(first)):
            with pytest.raises(MvsearchError, match="reading only"):
                change()
        with pytest.raises(MvsearchError):
            library.evaluate(profiles=["sound"])
    assert read(place) == before


def test_a_library_of_an_older_version_is_not_changed(tmp_path: Path) -> None:
    place = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    with closing(sqlite3.connect(place / "catalog.sqlite3")) as catalog, catalog:
        catalog.execute("update alembic_version set version_num = '0001'")
    with pytest.raises(MvsearchError, match="tables of another version"):
        mvsearch.open(place, read_only=True)
