"""Folders that hold nothing, went or were renamed: told, with the way out."""

import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mvsearch.indexer.media.files import scan
from mvsearch.search.output.tables.status import print_status
from mvsearch.search.status import read_status
from mvsearch.store.library import Library
from tests import toy_library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "videos"
    made.mkdir()
    toy_library.make_clip(made / "a.mp4", "testsrc2=s=64x48:r=5", None, 1)
    return made


def test_a_folder_without_media_is_told(shell: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "documents"
    (wrong / "below").mkdir(parents=True)
    (wrong / "below" / "letter.txt").write_text("dear")
    code, out, err = shell("index", wrong, "--library", tmp_path / "library")
    assert (code, out) == (2, "")
    assert "has no video and no sound file" in err
    assert err.strip().count("\n") == 0


def test_media_below_is_none_where_nobody_looks_below(
    shell: Any, folder: Path, tmp_path: Path
) -> None:
    words = ("--no-recursive", "--json", "--library", tmp_path / "library")
    code, out, err = shell("index", folder.parent, *words)
    assert (code, out) == (2, "")
    assert "without the folders below it, has no video" in err


def test_what_cannot_be_read_is_something(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "bad.mp4").write_text("no film")
    assert toy_library.index(folder, tmp_path / "library").failed == 1


def test_a_folder_that_is_emptied_keeps_what_was_known(folder: Path, tmp_path: Path) -> None:
    toy_library.index(folder, tmp_path / "library")
    (folder / "a.mp4").unlink()
    assert toy_library.index(folder, tmp_path / "library").missing == 1


def test_a_folder_that_is_not_there_is_named_with_the_way_out(shell: Any, tmp_path: Path) -> None:
    home = tmp_path / "library"
    code, _, err = shell("index", tmp_path / "gone", "--library", home)
    assert code == 2
    assert "does not exist" in err
    assert "mvsearch remove --missing" in err
    assert not home.exists()


def test_a_renamed_folder_is_told_and_goes(shell: Any, folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "library"
    toy_library.index(folder, home)
    moved = folder.rename(tmp_path / "moved")
    toy_library.index(moved, home)
    with Library.open(home) as library:
        status = read_status(library)
    assert status["folders"] == [str(moved), str(folder)]
    assert status["missing_folders"] == [str(folder)]
    page = io.StringIO()
    print_status(status, Console(file=page, width=200))
    assert f"folder    {folder} (not there)" in page.getvalue()
    assert "mvsearch remove --missing" in page.getvalue()
    assert shell("remove", "--missing", "--library", home)[:2] == (0, "0 videos removed\n")
    with Library.open(home) as library:
        status = read_status(library)
        assert (status["folders"], status["missing_folders"]) == ([str(moved)], [])
        assert library.catalog.n_videos() == 1


def test_what_lies_in_a_folder_that_cannot_be_read_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos, closed, list_folder = tmp_path / "videos", tmp_path / "videos" / "closed", os.scandir
    home = toy_library.make_indexed(videos, tmp_path / "library")
    closed.mkdir()
    one = min(videos.glob("*.mp4"))
    one.rename(closed / one.name)
    assert toy_library.index(videos, home).missing == 0

    def refuse(place: Path) -> Any:
        if Path(place) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return list_folder(place)

    monkeypatch.setattr(scan.os, "scandir", refuse)
    summary = toy_library.index(videos, home)
    assert (summary.missing, summary.removed, len(summary.failures)) == (1, 0, 1)
