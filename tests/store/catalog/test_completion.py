"""Names of videos that begin with what was typed."""

from pathlib import Path

import pytest

from mvsearch.store.catalog.completion import complete_name
from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.library import Library
from tests.store.examples import add_song


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd % name?") / "library"
    with Library.open(folder, create=True) as library:
        for number, (artist, title) in enumerate(
            [
                ("Björk", "Jóga"),
                ("One", "Joker"),
                ("First", "Halo"),
                ("Second", "Halo"),
                (None, "-rf"),
                (None, "red\x1b[31m"),
                (None, "r" * 300),
            ]
        ):
            add_song(library.catalog, f"{number}", artist=artist, title=title)
    return folder


@pytest.mark.parametrize(
    ("begun", "names"),
    [
        ("jo", ["Joker", "Jóga"]),
        ("bJORk – ", ["Björk - Jóga"]),
        ("One", ["One - Joker"]),
        ("ha", []),
        ("fir", ["First - Halo"]),
        ("-", []),
        ("r", []),
        ("'; DROP TABLE video; --", []),
    ],
)
def test_names_begin_as_typed_and_mean_one_video(
    folder: Path, begun: str, names: list[str]
) -> None:
    assert complete_name(folder, begun) == names
    with Library.open(folder) as library:
        assert all(library.catalog.find_video(name) for name in names)


def test_it_leaves_no_file_behind(folder: Path) -> None:
    before = sorted(folder.iterdir())
    assert len(complete_name(folder, "")) == 4
    assert sorted(folder.iterdir()) == before


def test_no_library_is_made_and_no_link_followed(folder: Path, tmp_path: Path) -> None:
    assert complete_name(tmp_path / "none", "") == []
    assert not (tmp_path / "none").exists()
    (tmp_path / "catalog.sqlite3").symlink_to(folder / "catalog.sqlite3")
    with pytest.raises(LibraryDamagedError):
        complete_name(tmp_path, "")
