"""Towers that are planted in a library of toys, so that what fits is known."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import mvsearch
from mvsearch.indexer.audiovisual.towers import Tower, number_videos
from mvsearch.indexer.audiovisual.used import FILE
from mvsearch.indexer.features import analysis
from mvsearch.search.api.library import VideoLibrary
from mvsearch.search.joint.tables import JointTable, read_tables
from mvsearch.search.picture_music import PictureMusic
from mvsearch.search.query.spaces import own_spaces
from mvsearch.store.errors import LibraryDamagedError, QueryError
from mvsearch.store.library import Library
from mvsearch.store.opening import CATALOG
from mvsearch.store.records import Matrix
from tests.toy_library import make_indexed

ADA, GRACE, MARY = "First Song", "Second Song", "Third Song"


def read_means(library: Library) -> dict[str, dict[str, Matrix]]:
    """The mean vectors of the sides of each video, by its title."""
    spaces, means = own_spaces(library), {}
    for video in library.catalog.videos():
        sides = {
            m: library.catalog.embeddings(video.id, spaces[m].key) for m in ("frames", "audio")
        }
        means[video.title] = {
            m: one.vectors.mean(axis=0) for m, one in sides.items() if one is not None
        }
    return means


def plant_towers(folder: Path, seen: tuple[str, ...] = (), is_crossed: bool = False) -> None:
    """Towers that put Ada's picture on Ada's sound and Grace's on Grace's, or on each other's."""
    with Library.open(folder) as library:
        means, spaces = read_means(library), own_spaces(library)
        ids = {video.title: video.id for video in library.catalog.videos()}
    tensors = {"seen": number_videos(ids[title] for title in seen)}
    for side, modality in (("picture", "frames"), ("sound", "audio")):
        one, other = means[ADA][modality], means[GRACE][modality]
        sign = -1 if is_crossed and side == "sound" else 1
        tensors |= {
            f"{side}_centre": (one + other) / 2,
            f"{side}_basis": np.eye(len(one), dtype=np.float32),
            f"{side}_projection": np.stack([sign * (one - other), np.zeros_like(one)], axis=1),
        }
    about = {"picture_space": spaces["frames"].key, "sound_space": spaces["audio"].key}
    save_file(tensors, folder / FILE, {"name": "planted", **about})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return make_indexed(tmp_path / "videos", tmp_path / "library")


@pytest.fixture
def opened(place: Path) -> Iterator[VideoLibrary]:
    with mvsearch.open(place) as library:
        yield library


def test_without_towers_the_way_cannot_be_gone(opened: VideoLibrary) -> None:
    with pytest.raises(QueryError, match="uses no trained towers"):
        opened.music_for(mvsearch.make_query(like=ADA), way="trained")


@pytest.mark.parametrize("is_crossed", [False, True])
def test_what_the_towers_put_near_is_first(
    place: Path, opened: VideoLibrary, is_crossed: bool
) -> None:
    plant_towers(place, is_crossed=is_crossed)
    picture = next((place.parent / "videos").glob(f"*{GRACE}*.mp4"))
    found = opened.music_for(mvsearch.make_query(clip=picture), way="trained")

    assert found.way == "trained"
    # Mary's video has no sound.
    titles = [result.video.title for result in found.results]
    assert titles == ([ADA, GRACE] if is_crossed else [GRACE, ADA])
    first, last = found.results
    assert first.contributions["audio"].similarity == pytest.approx(1, abs=0.05)
    assert last.contributions["audio"].similarity == pytest.approx(-1, abs=0.05)
    assert first.moments[0].modality == "audio"
    assert 0 <= (first.moments[0].start_seconds or 0) < (first.moments[0].end_seconds or 0) <= 6.1

    sound = opened.pictures_for(mvsearch.make_query(like=ADA), way="trained")
    assert ADA not in [result.video.title for result in sound.results]
    assert {result.moments[0].modality for result in sound.results} == {"frames"}


def test_a_table_knows_what_was_learned_from_and_is_made_anew_with_other_towers(
    place: Path,
) -> None:
    with Library.open(place, is_read_only=True) as library:
        assert [table.name for table in read_tables(library)] == ["mood"]
        plant_towers(place, seen=(ADA, MARY))
        table = read_tables(library)[1]
        titles = {video.id: video.title for video in library.catalog.videos()}
        assert {titles[one] for one in table.unseen or ()} == {GRACE}
        assert {titles[one] for one in table.sounds.video_ids} == {ADA, GRACE}
        assert {titles[one] for one in table.pictures.video_ids} == {ADA, GRACE, MARY}
        assert read_tables(library)[1] is table
        plant_towers(place)
        assert len(read_tables(library)[1].unseen or ()) == 3


def test_places_are_kept_and_made_anew_for_what_changed(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_towers(place)
    computed: list[int] = []
    summarise = Tower.summarise

    def count(tower: Tower, vectors: Matrix) -> Matrix:
        computed.append(len(vectors))
        return summarise(tower, vectors)

    def read() -> tuple[int, JointTable]:
        computed.clear()
        with Library.open(place) as library:
            table = read_tables(library)[1]
        return len(computed), table

    monkeypatch.setattr(Tower, "summarise", count)
    n_first, first = read()
    n_again, again = read()
    assert (n_first, n_again) == (5, 0)
    np.testing.assert_array_equal(again.sounds.vectors, first.sounds.vectors)
    plant_towers(place, is_crossed=True)
    assert read()[0] == 5
    with Library.open(place) as library, library.writing():
        library.catalog.remove_videos([library.catalog.find_video(ADA).id])
    n_fewer, fewer = read()
    assert (n_fewer, len(fewer.sounds.video_ids), len(fewer.pictures.video_ids)) == (0, 1, 2)
    kept = place / "audiovisual-sound.safetensors"
    kept.write_bytes(kept.read_bytes()[:-1])
    assert read()[0] == 1


def test_moods_of_one_side_are_enough(place: Path) -> None:
    with closing(sqlite3.connect(place / CATALOG)) as catalog, catalog:
        catalog.execute("delete from mood where side = 'picture'")
    with Library.open(place, is_read_only=True) as library:
        (table,) = read_tables(library)
        assert (len(table.pictures.video_ids), len(table.sounds.video_ids)) == (0, 2)
        video, catalog = library.catalog.find_video(ADA), library.catalog
        every = [catalog.embeddings(video.id, space.key) for space in catalog.spaces()]
        made = [found for found in every if found is not None]
        place_of_picture = table.project("picture", made)
        assert place_of_picture is not None
        assert table.compare(place_of_picture[None], table.sounds.vectors).shape == (1, 2)


def test_towers_of_other_encoders_and_damaged_ones_are_one_line(
    place: Path, opened: VideoLibrary
) -> None:
    plant_towers(place)
    content = (place / FILE).read_bytes()
    (place / FILE).write_bytes(content.replace(b"toy-frames@", b"toy-frameX@"))
    with pytest.raises(QueryError, match="of other encoders"):
        opened.music_for(mvsearch.make_query(like=ADA), way="trained")
    (place / FILE).write_bytes(content[:-3])
    with pytest.raises(LibraryDamagedError, match="damaged"):
        opened.music_for(mvsearch.make_query(like=ADA), way="trained")


def test_a_file_is_read_once_for_all_ways(
    place: Path, opened: VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_towers(place)
    given = mvsearch.make_query(clip=next((place.parent / "videos").glob(f"*{GRACE}*.mp4")))
    alone = [opened.music_for(given, way=way).results for way in ("look", "trained", "mood")]
    read: list[Any] = []
    analyse_file = analysis.analyse_file
    monkeypatch.setattr(
        analysis, "analyse_file", lambda *a, **k: (read.append(k), analyse_file(*a, **k))[1]
    )
    monkeypatch.setattr(PictureMusic, "is_weak", True)  # so that all ways are gone
    assert opened.music_for(given).results == alone[-1]
    assert [one["stages"] for one in read] == [("frames",)]
