"""Files that commands write: what they may replace, and how."""

import os
import threading
from pathlib import Path

import pytest

from mvsearch.search.output.files import check_output, write_output
from mvsearch.store.errors import MvsearchError
from tests.media import make_tone


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_new_file_has_the_rights_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_output({tmp_path / "a" / "b.txt": b"text"})
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"text"
    rights = (tmp_path / "plain").stat().st_mode
    assert (tmp_path / "a" / "b.txt").stat().st_mode == rights
    assert names(tmp_path / "a") == {"b.txt"}


def test_of_several_files_none_is_written_where_one_is_there(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("mine")
    files = {tmp_path / f"{name}.txt": b"new" for name in "abc"}
    with pytest.raises(MvsearchError, match=r"b\.txt exists already: --force overwrites it"):
        write_output(files)
    assert names(tmp_path) == {"b.txt"}
    (tmp_path / "b.txt").chmod(0o600)
    write_output(files, has_force=True)
    assert (tmp_path / "b.txt").read_text() == "new"
    assert (tmp_path / "b.txt").stat().st_mode & 0o777 == 0o600
    with pytest.raises(MvsearchError, match=r"a\.txt \(and 2 more\) exists already"):
        check_output(*files)


def test_another_name_of_the_old_file_keeps_what_it_held(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("mine")
    os.link(tmp_path / "old", tmp_path / "page")
    write_output({tmp_path / "page": b"new"}, has_force=True)
    assert (tmp_path / "old").read_text() == "mine"


@pytest.mark.parametrize("target", ["file", "nowhere", "/dev/null"])
def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(MvsearchError, match="is a link"):
        write_output({tmp_path / "link": b"new"}, has_force=True)
    assert (tmp_path / "file").read_text() == "mine"
    assert names(tmp_path) == {"file", "link"}


def test_media_are_never_overwritten(tmp_path: Path) -> None:
    sound = make_tone(tmp_path / "song.wav", 440, 0.1)
    odd = tmp_path / "odd"
    odd.write_text("known to the library")
    for path in (sound, odd):
        before = path.read_bytes()
        with pytest.raises(MvsearchError, match="is a media file"):
            write_output({path: b"new"}, has_force=True, is_media=lambda known: known == odd)
        assert path.read_bytes() == before


def test_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(MvsearchError, match="is a folder: name a file"):
        check_output(tmp_path, has_force=True)
    with pytest.raises(MvsearchError, match=r"cannot write to .*absent: it is not a folder"):
        check_output(tmp_path / "absent" / "page")
    (tmp_path / "file").touch()
    with pytest.raises(MvsearchError, match="cannot write to"):
        write_output({tmp_path / "file" / "page": b""})


def test_nothing_is_left_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "page").write_text("mine")
    monkeypatch.setattr("mvsearch.search.output.files.os.fsync", refuse)
    with pytest.raises(MvsearchError, match="No space left on device"):
        write_output({tmp_path / "page": b"new"}, has_force=True)
    assert names(tmp_path) == {"page"}
    assert (tmp_path / "page").read_text() == "mine"


def test_a_pipe_takes_what_is_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_output({tmp_path / "pipe": b"new"})
    reader.join()
    assert read == [b"new"]
