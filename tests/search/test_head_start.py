"""What is loaded beside the imports is what would have been loaded later, and hides no error."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from indexer.encoders import Encoders
from search import head_start
from search.encode import analyse_part
from search.head_start import HeadStart
from search.query import QueryPart
from store.errors import QueryError
from store.library import Library
from tests.media import make_picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the toy profile that holds nothing."""
    place = tmp_path_factory.mktemp("start") / "library"
    with Library.open(place, create=True) as library, library.writing():
        library.catalog.adopt_profile("toy", Encoders("toy").spaces())
    return place


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> QueryPart:
    path = make_picture(tmp_path_factory.mktemp("picture") / "card.png")
    return QueryPart("image", str(path))


def test_a_picture_is_read_once(
    folder: Path, picture: QueryPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = HeadStart(folder, [QueryPart("lyric", "a line"), picture])
    encoders = begun.choose_encoders("toy")
    assert vars(encoders).keys() >= {"lyrics", "frames"}  # loaded, without being asked for here
    expected = analyse_part(picture, Encoders("toy"), ("frames",))
    monkeypatch.setattr(head_start, "analyse_part", None)
    found = begun.analyse(picture, encoders, ("frames",))
    assert [one.space for one in found] == [one.space for one in expected]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.vectors, theirs.vectors)


def test_another_profile_and_other_parts_are_read_anew(folder: Path, picture: QueryPart) -> None:
    begun = HeadStart(folder, [picture])
    other = begun.choose_encoders("embedded")
    assert other.name == "embedded"
    own = Encoders("toy")
    assert begun.analyse(picture, own, ("frames",))[0].space == own.frames.spaces[0]
    twin = QueryPart("image", str(picture.path.with_name("twin.png")))
    twin.path.write_bytes(picture.path.read_bytes())
    assert len(begun.analyse(twin, begun.choose_encoders("toy"), ("frames",))) > 0


def test_what_fails_is_told_in_its_turn(folder: Path, tmp_path: Path) -> None:
    part = QueryPart("image", str(tmp_path / "nothing.png"))
    begun = HeadStart(folder, [part])
    assert begun.choose_encoders("toy").name == "toy"
    with pytest.raises(QueryError, match="no file is called"):
        head_start.check_file(part)


@pytest.mark.parametrize("content", [None, b"", b"no database", "a folder"])
def test_without_a_library_nothing_is_begun(tmp_path: Path, content: bytes | str | None) -> None:
    file = tmp_path / "catalog.sqlite3"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        file.mkdir()
    begun = HeadStart(tmp_path, [QueryPart("lyric", "a line")])
    assert begun._preparing is None
    assert vars(begun.choose_encoders("toy")).keys() == {"name", "profile"}


def test_it_does_not_wait_for_the_database() -> None:
    code = (
        "import sys, search.head_start, indexer.analysis;"
        "print([name for name in ('sqlalchemy', 'faiss') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
