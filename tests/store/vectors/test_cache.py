"""Index files on disk: used when good, built anew in every other case."""

import errno
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.library import Library
from mvsearch.store.records import Space
from mvsearch.store.vectors.exact.row_index import RowIndex
from tests.store.examples import FRAMES, SOUND, SPACES, fill_song, random_units


@pytest.fixture
def filled(library: Library) -> Library:
    fill_song(library.catalog, "ab12", seed=1)
    fill_song(library.catalog, "cd34", seed=20)
    return library


def cached(library: Library, ending: str) -> Path:
    (file,) = (library.folder / "vectors").glob(f"*seer_1*.{ending}")
    return file


def listed(library: Library) -> list[Path]:
    """The files of the indexes, without the lock of those who change them."""
    folder = library.folder / "vectors"
    return sorted(file for file in folder.iterdir() if file.name != "update.lock")


def fresh_index(library: Library, space: Space = FRAMES) -> RowIndex:
    """The index as a process that has just begun gets it."""
    with Library.open(library.folder) as opened:
        return opened.index(space)


def forbid_building(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the index was built anew")

    monkeypatch.setattr("mvsearch.store.vectors.cache.bring_up_to_date", refuse)
    monkeypatch.setattr("mvsearch.store.vectors.cache.build_in_memory", refuse)


def test_a_second_process_reads_what_the_first_built(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = filled.index(FRAMES)
    assert filled.index(FRAMES) is built
    forbid_building(monkeypatch)
    read = fresh_index(filled)
    assert read.video_ids == ("ab12", "cd34")
    np.testing.assert_array_equal(read.vectors("cd34"), built.vectors("cd34"))
    np.testing.assert_array_equal(read.starts, built.starts)
    queries = built.place(random_units(3, FRAMES.dim, seed=3))
    found, expected = read.search(queries, 5), built.search(queries, 5)
    np.testing.assert_array_equal(found.videos, expected.videos)
    np.testing.assert_array_equal(found.segments, expected.segments)


def test_every_space_has_files_of_its_own(filled: Library) -> None:
    for space in SPACES:
        filled.index(space)
    assert len(listed(filled)) == 3 * len(SPACES)
    for space in SPACES:
        assert fresh_index(filled, space).space == space


def test_a_change_of_the_catalogue_makes_an_index_stale(filled: Library) -> None:
    assert filled.index(FRAMES).video_ids == ("ab12", "cd34")
    fill_song(filled.catalog, "ef56", seed=30)
    assert filled.index(FRAMES).video_ids == ("ab12", "cd34", "ef56")
    assert fresh_index(filled).video_ids == ("ab12", "cd34", "ef56")
    filled.catalog.drop_locations([Path("/music/ab12.mp4")])
    assert fresh_index(filled).video_ids == ("cd34", "ef56")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def remove(file: Path) -> None:
    file.unlink()


def fill_with_text(file: Path) -> None:
    file.write_text("[1, 2]")


@pytest.mark.parametrize("damage", [cut, flip, empty, remove, fill_with_text])
@pytest.mark.parametrize("ending", ["f16", "times", "head"])
def test_a_damaged_file_is_built_anew(
    filled: Library, damage: Callable[[Path], None], ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = filled.index(FRAMES)
    whole = cached(filled, ending).read_bytes()
    damage(cached(filled, ending))
    again = fresh_index(filled)
    np.testing.assert_array_equal(again.vectors("ab12"), built.vectors("ab12"))
    np.testing.assert_array_equal(again.starts, built.starts)
    assert cached(filled, ending).read_bytes() == whole
    forbid_building(monkeypatch)
    fresh_index(filled)


def test_a_head_of_something_else_is_not_used(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.index(FRAMES)
    generation = filled.catalog.generation(FRAMES.key)
    with Library.open(filled.folder) as opened:
        assert opened._vectors.load(FRAMES, generation) is not None
        assert opened._vectors.load(FRAMES, generation + 1) is None
        assert opened._vectors.load(SOUND, generation) is None
        monkeypatch.setattr("mvsearch.store.vectors.space_files.FORMAT", 0)
        assert opened._vectors.load(FRAMES, generation) is None


def test_a_library_begun_anew_does_not_take_the_old_ones_index(filled: Library) -> None:
    filled.index(FRAMES)
    filled.close()
    (filled.folder / "catalog.sqlite3").unlink()
    with Library.open(filled.folder, create=True) as anew:
        anew.catalog.adopt_profile("toy", SPACES)
        fill_song(anew.catalog, "1111", seed=1)
        fill_song(anew.catalog, "2222", seed=20)
        assert anew.index(FRAMES).video_ids == ("1111", "2222")


def test_a_writer_leaves_nothing_of_what_it_removed(filled: Library) -> None:
    folder = filled.folder / "vectors"
    for space in SPACES:
        filled.index(space)
    orphan = folder / "left-by-a-killed-process.npz"
    orphan.write_bytes(b"x")
    half = folder / "half.head.1.tmp"
    half.write_bytes(b"x")
    long_ago = time.time() - 86400
    os.utime(half, (long_ago, long_ago))
    with filled.writing():
        pass
    assert len(listed(filled)) == 3 * len(SPACES)
    gone = {space: filled.catalog.embeddings("ab12", space.key).vectors for space in SPACES}
    with filled.writing():
        filled.catalog.drop_locations([Path("/music/ab12.mp4")])
    for space in SPACES:
        stored = gone[space].astype("<f2").tobytes()
        assert not any(stored in file.read_bytes() for file in listed(filled))
    assert not any(b"ab12" in file.read_bytes() for file in listed(filled))


def test_a_disk_that_refuses_is_one_warning(
    filled: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with caplog.at_level(logging.WARNING):
        for space in SPACES:
            assert filled.index(space).n > 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left on device" in caplog.text
    assert not list((filled.folder / "vectors").glob("*.head"))


def test_an_unknown_space_is_empty_and_writes_nothing(filled: Library) -> None:
    assert filled.index(Space("audio", "stranger", "../../1", 5)).n == 0
    assert not (filled.folder / "vectors").exists()


def test_vectors_of_the_wrong_length_are_called_damage(filled: Library) -> None:
    from mvsearch.store.database.tables import EmbeddingRow

    with filled._database.writing() as session:
        row = session.get_one(EmbeddingRow, ("ab12", FRAMES.key))
        row.vectors = row.vectors[:-2]
    with pytest.raises(LibraryDamagedError, match="not 8 long"):
        filled.index(FRAMES)
    with pytest.raises(LibraryDamagedError, match="not 8 long"):
        filled.catalog.embeddings("ab12", FRAMES.key)


def test_what_is_measured_is_kept_as_long_as_the_epoch(filled: Library) -> None:
    index = filled.index(FRAMES)
    filled.keep_measured(index, "levels1", {"a": np.arange(3.0)})
    with Library.open(filled.folder) as again:
        measured = again.measured(again.index(FRAMES), "levels1")
        assert measured is not None
        assert set(measured) == {"a"}
        np.testing.assert_array_equal(measured["a"], np.arange(3.0))
        assert again.measured(again.index(FRAMES), "levels2") is None
    with filled.writing():
        pass
    assert cached(filled, "levels1*.npz").exists()
    with filled.writing():
        fill_song(filled.catalog, "ef56", seed=30)  # so few that the centre moves
    assert not list((filled.folder / "vectors").glob("*.npz"))
    assert filled.measured(filled.index(FRAMES), "levels1") is None
    filled.keep_measured(index, "levels1", {"a": np.arange(3.0)})  # of the index as it was
    assert filled.measured(filled.index(FRAMES), "levels1") is None


@pytest.mark.parametrize("damage", [cut, flip, empty, remove, fill_with_text])
def test_damaged_measurements_are_as_good_as_none(
    filled: Library, damage: Callable[[Path], None]
) -> None:
    filled.keep_measured(filled.index(FRAMES), "levels1", {"a": np.arange(3.0)})
    damage(cached(filled, "levels1*.npz"))
    with Library.open(filled.folder) as again:
        measured = again.measured(again.index(FRAMES), "levels1")
        assert measured is None
