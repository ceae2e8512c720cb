"""What is told of a library that is not opened."""

from pathlib import Path

import pytest

from store.library import Library
from store.place import glance_at_profile
from tests.store.examples import SPACES


def test_the_profile_is_told_while_others_read_and_write(tmp_path: Path) -> None:
    folder = tmp_path / "odd ? # % name"
    assert glance_at_profile(folder) is None
    with Library.open(folder, create=True) as library:
        assert glance_at_profile(folder) is None
        with library.writing():
            library.catalog.adopt_profile("embedded", SPACES)
            assert glance_at_profile(folder) == "embedded"
    assert glance_at_profile(folder) == "embedded"
    assert list(folder.glob("*-shm")) == []


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and then something else"])
def test_a_damaged_catalogue_tells_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "catalog.sqlite3").write_bytes(content)
    assert glance_at_profile(tmp_path) is None
