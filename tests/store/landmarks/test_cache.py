"""The landmarks of a library follow its catalogue, and damaged files are made anew."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.catalog.reading.vectors import PeakSnapshot
from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.landmarks import cache, index_file
from mvsearch.store.landmarks.index import LandmarkIndex, add_videos, make_empty
from mvsearch.store.landmarks.packing import pack_peaks, unpack_peaks
from mvsearch.store.library import Library
from mvsearch.store.records import SoundPeaks, Stage
from tests.store.examples import SOUND, SPACES, add_song, make_embeddings


def draw_peaks(seed: int, n_peaks: int = 300) -> SoundPeaks:
    rng = np.random.default_rng(seed)
    drawn = SoundPeaks(np.sort(rng.uniform(0, 10, n_peaks)), rng.uniform(0, 4, n_peaks))
    return unpack_peaks(pack_peaks(drawn))


def store(library: Library, video_id: str, peaks: SoundPeaks | None) -> None:
    with library.writing():
        if not library.catalog.has_video(video_id):
            add_song(library.catalog, video_id)
        made = replace(make_embeddings(SOUND, 3, 1), peaks=peaks)
        library.catalog.store_stage(Stage(video_id, "audio", SOUND.key, "done"), [made])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def library(place: Path) -> Iterator[Library]:
    with Library.open(place, create=True) as opened:
        opened.catalog.adopt_profile("toy", SPACES)
        yield opened


def check(library: Library, **videos: SoundPeaks) -> None:
    """The index holds these videos as one made of them at once would."""
    index = library.landmarks(SOUND)
    assert sorted(index.video_ids) == sorted(videos)
    for video_id, peaks in videos.items():
        alone = add_videos(make_empty(), [(video_id, peaks)])
        at = index.video_ids.index(video_id)
        steps = index.places.astype(np.int64)
        own = steps[index.find_videos(steps) == at] - index.firsts[at]
        assert sorted(own.tolist()) == sorted(alone.places.tolist())


def read_files(place: Path) -> list[Path]:
    return list((place / "vectors").glob("*.landmarks"))


def test_the_index_follows_the_catalogue(library: Library, place: Path) -> None:
    check(library)
    store(library, "a", draw_peaks(1))
    store(library, "without", None)
    check(library, a=draw_peaks(1))
    assert library.catalog.without_peaks(SOUND.key) == {"without"}
    store(library, "b", draw_peaks(2))
    store(library, "a", draw_peaks(3))
    check(library, a=draw_peaks(3), b=draw_peaks(2))
    with Library.open(place) as other:
        check(other, a=draw_peaks(3), b=draw_peaks(2))
    assert library.catalog.peaks(["a", "without", "unknown"], SOUND.key).keys() == {"a"}
    with library.writing():
        library.catalog.remove_videos(["b"])
    [file] = read_files(place)
    stored = index_file.read_landmarks(file, SOUND.key)
    assert stored is not None
    assert stored.index.video_ids == ("a",)  # what left the library is in no file of it
    check(library, a=draw_peaks(3))


def test_a_change_that_takes_nothing_away_reads_the_heads_alone(
    library: Library, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(library, "a", draw_peaks(1))
    store(library, "b", draw_peaks(2))
    check(library, a=draw_peaks(1), b=draw_peaks(2))
    read: list[Path] = []

    def read_all(file: Path, space_key: str) -> index_file.StoredLandmarks | None:
        read.append(file)
        return index_file.read_landmarks(file, space_key)

    monkeypatch.setattr(cache, "read_landmarks", read_all)
    store(library, "c", draw_peaks(3))
    assert read == []
    with library.writing():
        library.catalog.remove_videos(["b"])
    assert read == read_files(place)
    check(library, a=draw_peaks(1), c=draw_peaks(3))


@pytest.mark.parametrize(
    ("damage", "is_large"),
    [("cut", False), ("flip", False), ("empty", False), ("other", False), ("cut", True)],
)
def test_a_damaged_file_is_made_anew(
    library: Library, place: Path, damage: str, is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_large:
        monkeypatch.setattr(index_file, "MAX_CHECKED_BYTES", 0)
    store(library, "a", draw_peaks(1))
    check(library, a=draw_peaks(1))
    library.close()
    [file] = read_files(place)
    content = file.read_bytes()
    file.write_bytes(
        {
            "cut": content[:-8],
            "flip": content[:-9] + bytes([content[-9] ^ 4]) + content[-8:],
            "empty": b"",
            "other": content.replace(SOUND.key.encode(), b"x" * len(SOUND.key)),
        }[damage]
    )
    with Library.open(place) as again:
        check(again, a=draw_peaks(1))
    assert file.read_bytes() == content


def test_a_large_index_is_mapped_and_keeps_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_file, "MAX_CHECKED_BYTES", 0)
    index = add_videos(make_empty(), [("a", draw_peaks(1)), ("b", draw_peaks(2))])
    for has_few in (True, False):
        monkeypatch.setattr(index_file, "has_few_places", lambda _, is_it=has_few: is_it)
        file = tmp_path / f"{has_few}.landmarks"
        stored = index_file.StoredLandmarks(5, {"a": 1, "b": 2}, index)
        index_file.write_landmarks(file, "s", stored)
        found = index_file.read_landmarks(file, "s")
        assert found is not None
        assert (found.generation, dict(found.versions)) == (5, {"a": 1, "b": 2})
        np.testing.assert_array_equal(found.index.ends, index.ends)
        np.testing.assert_array_equal(found.index.places, index.places)


def test_numbers_that_cannot_be_find_nothing_outside(library: Library) -> None:
    index = add_videos(make_empty(), [("a", draw_peaks(1))])
    wild = LandmarkIndex(index.video_ids, index.firsts, np.flip(index.ends).copy(), index.places)
    begins, counts = wild.look_up(np.arange(0, len(wild.ends), 97))
    assert begins.min() >= 0
    assert counts.min() >= 0
    assert int((begins + counts).max()) <= len(wild.places)


def test_a_read_only_folder_is_served_from_memory(
    library: Library, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mvsearch.store.landmarks.cache.write_landmarks", refuse)
    store(library, "a", draw_peaks(1))
    check(library, a=draw_peaks(1))
    assert read_files(place) == []


def test_hostile_peaks_are_one_line(library: Library, place: Path) -> None:
    store(library, "a", draw_peaks(1))
    with closing(sqlite3.connect(place / "catalog.sqlite3")) as opened, opened:
        opened.execute("UPDATE embedding SET peaks = x'ffffffff' WHERE peaks IS NOT NULL")
    with pytest.raises(LibraryDamagedError, match="peaks"):
        library.landmarks(SOUND)


def test_no_file_is_deleted_through_a_link(library: Library, tmp_path: Path) -> None:
    store(library, "ab12", draw_peaks(1))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "other.landmarks").write_bytes(b"of somebody else")
    vectors = library.folder / "vectors"
    if vectors.exists():
        vectors.rename(tmp_path / "moved")
    vectors.symlink_to(outside)
    with library.writing():
        pass
    assert (outside / "other.landmarks").exists()


def test_a_file_that_is_gone_costs_no_second_reading(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(library, "ab12", draw_peaks(1))
    check(library, ab12=draw_peaks(1))
    for file in (library.folder / "vectors").glob("*.landmarks"):
        file.unlink()
    read: list[str] = []
    real = PeakSnapshot.read

    def note(self: PeakSnapshot, video_ids: Sequence[str]) -> Iterator[tuple[str, SoundPeaks]]:
        read.extend(video_ids)
        return real(self, video_ids)

    monkeypatch.setattr(PeakSnapshot, "read", note)
    store(library, "cd34", draw_peaks(2))
    check(library, ab12=draw_peaks(1), cd34=draw_peaks(2))
    assert read == ["cd34"]


def test_an_index_of_which_most_has_left_is_built_anew(library: Library) -> None:
    for number in range(5):
        store(library, f"ab1{number}", draw_peaks(number))
    whole = int(library.landmarks(SOUND).firsts[-1])
    with library.writing():
        library.catalog.remove_videos([f"ab1{number}" for number in range(4)])
    check(library, ab14=draw_peaks(4))
    assert int(library.landmarks(SOUND).firsts[-1]) < whole / 3
