"""Metadata are stored, replaced, filtered by, counted and found by id."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from mvsearch.store.catalog.filter import MAX_ABOUT_WORDS, Filter
from mvsearch.store.catalog.reading.facets import N_KEPT
from mvsearch.store.errors import LibraryDamagedError, QueryError, VideoNotFoundError
from mvsearch.store.library import Library
from mvsearch.store.records import Location, Metadata, MetadataField
from tests.store.examples import METADATA, SPACES, add_song, fill_song

ID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


@pytest.fixture
def filled(library: Library) -> Library:
    """One video with metadata, one of the genre rock alone, and one without."""
    return fill(library)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The same, for tests that only read."""
    with Library.open(tmp_path_factory.mktemp("kept") / "library", create=True) as library:
        library.catalog.adopt_profile("toy", SPACES)
        yield fill(library)


def fill(library: Library) -> Library:
    fill_song(library.catalog, "ab12", seed=1)
    video = add_song(library.catalog, "cd34", title="Other")
    place = Location(video.path, "cd34", video.path.parent, 1000, 1)
    rock = Metadata((MetadataField("genre", ("INDIE ROCK",), "nfo"),), "1:x")
    library.catalog.add_video(video, place, rock)
    add_song(library.catalog, "ef56", title="Third")
    return library


def test_what_is_stored_is_read(filled: Library) -> None:
    catalog = filled.catalog
    assert catalog.metadata("ab12") == METADATA
    assert catalog.metadata("ef56") == Metadata()
    assert catalog.metadata_marks() == {"ab12": "1:abc", "cd34": "1:x", "ef56": None}
    add_song(catalog, "ab12")  # such as another location: what is known stays
    assert (catalog.metadata("ab12"), catalog.metadata_marks()["ab12"]) == (METADATA, "1:abc")
    with pytest.raises(VideoNotFoundError):
        catalog.metadata("zz")


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (Filter(album="tides & salts"), {"ab12"}),
        (Filter(album="SALT"), {"ab12"}),
        # A whole genre, where there is one of the name; else a part.
        (Filter(genre="rock"), {"ab12"}),
        (Filter(genre="roc"), {"ab12", "cd34"}),
        (Filter(genre="indie rock"), {"ab12", "cd34"}),
        (Filter(genre="%"), set()),
        (Filter(director="rock"), set()),
        (Filter(musicbrainz=ID.upper()), {"ab12"}),
        (Filter(about="shore sálts"), {"ab12"}),
        (Filter(about="shore snow"), set()),
        (Filter(about=ID), set()),
        (Filter(genre="indie", title="other"), {"cd34"}),
    ],
)
def test_filters(kept: Library, filter: Filter, expected: set[str]) -> None:
    assert kept.catalog.passing(filter) == expected


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"musicbrainz": "b1a9"}, "a MusicBrainz id has 36 characters"),
        ({"genre": " "}, "the genre to filter by is empty"),
        ({"about": "a " * (MAX_ABOUT_WORDS + 1)}, "at most 20 words"),
    ],
)
def test_wrong_filters(asked: dict[str, str], reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        Filter(**asked)  # type: ignore[arg-type]


def test_values_are_counted_whatever_their_case(kept: Library) -> None:
    found = kept.catalog.facets()
    assert found["genre"] == [("INDIE ROCK", 2), ("Rock", 1)]
    assert found["album"] == [("Tides & Sálts", 1)]
    assert found["channel"] == []
    assert kept.catalog.facets(Filter(title="other"))["genre"] == [("INDIE ROCK", 1)]


def test_counts_are_kept_for_a_state_of_the_database(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = filled.catalog
    catalog.facets()["genre"].clear()  # what is kept is not the caller's
    assert catalog.facets(Filter(tags=["seashore"]))["year"] == []  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setattr(catalog, "_count", lambda _: pytest.fail("it was counted again"))
        assert catalog.facets()["genre"] == [("INDIE ROCK", 2), ("Rock", 1)]
    with closing(sqlite3.connect(filled.folder / "catalog.sqlite3")) as opened, opened:
        opened.execute("UPDATE metadata SET value = 'Jazz', folded = 'jazz' WHERE value = 'Rock'")
    assert catalog.facets()["genre"] == [("INDIE ROCK", 2), ("Jazz", 1)]
    with filled.holding():
        assert catalog.n_videos() == 3
        catalog.remove_videos(["cd34"])
        assert catalog.facets()["genre"] == [("INDIE ROCK", 2), ("Jazz", 1)]
    assert catalog.facets()["genre"] == [("Indie rock", 1), ("Jazz", 1)]
    for n in range(40):
        catalog.facets(Filter(title=str(n)))
    assert len(catalog._counted) <= N_KEPT


def test_an_id_of_elsewhere_finds_its_video(kept: Library) -> None:
    assert kept.catalog.find_video(ID.upper()).id == "ab12"


@pytest.mark.parametrize(
    "change",
    ["name = 'nonsense'", "source = 'elsewhere'", "name = 'chapter', value = 'x'",
     "name = 'track_gain', value = 'nan'", "value = x'ff'"],
)  # fmt: skip
def test_damage_is_told(filled: Library, change: str) -> None:
    with closing(sqlite3.connect(filled.folder / "catalog.sqlite3")) as opened, opened:
        opened.execute(f"UPDATE metadata SET {change} WHERE name = 'album'")
    with pytest.raises(LibraryDamagedError):
        filled.catalog.metadata("ab12")
