"""A stranger's library: nothing in it is reached through a link, to write or to read."""

import ast
import hashlib
import io
import logging
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import store
from mvsearch.store.errors import LibraryBusyError, LibraryDamagedError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.own_files import open_own, read_own, replacing, write_own
from mvsearch.store.vectors.space_files import SpaceFiles, unpack_arrays
from tests.store.examples import FRAMES, LINES, SPACES, fill_song

SECRET = b"of the user"
NAMES = [f"{number:04x}" for number in range(6)]


@pytest.fixture
def strange(library: Library, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A closed library with all of its files; rows are appended and lists made."""
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 2)
    monkeypatch.setattr(
        "mvsearch.store.vectors.approximate.inverted_list_files.MIN_LISTED_ROWS", 20
    )
    for seed, name in enumerate(NAMES):
        fill_song(library.catalog, name, seed=10 * seed, n_frames=8)
    with library.writing():
        for space in SPACES:
            library.keep_measured(library.index(space), "levels1", {})
    library.close()
    return library.folder


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "victim"
    file.write_bytes(SECRET)
    return file


def use(folder: Path) -> None:
    """Do everything with a library that writes files: search, add, remove, measure."""
    with Library.open(folder) as library:
        for change in (add, remove, lambda _: None):
            for space in SPACES:
                index = library.index(space)
                assert index.n > 0
                library.keep_measured(index, "levels1", {})
            with library.writing():
                change(library)
        assert set(library.index(LINES).video_ids) == {*NAMES, "00ff"} - {"0003"}


def add(library: Library) -> None:
    fill_song(library.catalog, "00ff", seed=200, n_frames=8)


def remove(library: Library) -> None:
    library.catalog.drop_locations([Path("/music/0003.mp4")])


def list_names(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "vectors").iterdir())


@pytest.mark.parametrize("has_victim", [True, False])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_no_file_is_written_through_a_link(
    strange: Path, victim: Path, has_victim: bool, link: Callable[[Path, Path], None]
) -> None:
    if link is os.link and not has_victim:
        pytest.skip("a hard link always has something behind it")
    names = list_names(strange)
    assert {name.rpartition(".")[2] for name in names} >= {"head", "f16", "codes", "lists", "npz"}
    stem = SpaceFiles(strange / "vectors", FRAMES).stem
    for name in [*names, f"{stem}.new.f16", f"{stem}.new.times"]:
        if name == "update.lock":
            continue
        for other in (strange / "vectors").iterdir():
            if other.name in (name, f"{stem}.new.f16"):
                other.unlink()
        if not has_victim:
            victim.unlink(missing_ok=True)
        link(victim, strange / "vectors" / name)
    use(strange)
    assert victim.exists() == has_victim
    if has_victim:
        assert victim.read_bytes() == SECRET
    assert not any(file.is_symlink() for file in (strange / "vectors").glob("*.head"))


@pytest.mark.parametrize("has_victim", [True, False])
@pytest.mark.parametrize("name", ["writer.json", "writer.lock", "vectors/update.lock"])
def test_locks_write_through_no_link(
    strange: Path, victim: Path, has_victim: bool, name: str
) -> None:
    (strange / name).unlink(missing_ok=True)
    (strange / name).symlink_to(victim)
    if not has_victim:
        victim.unlink()
    with Library.open(strange) as library, suppress(MvsearchError), library.writing(0):
        add(library)
    with Library.open(strange) as library:
        assert library.index(FRAMES).n == 8 * library.catalog.n_videos()
    assert victim.exists() == has_victim
    assert not has_victim or victim.read_bytes() == SECRET


def test_a_folder_of_indexes_that_is_a_link_is_not_used(
    strange: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (strange / "vectors").rename(elsewhere)
    (elsewhere / "settings.json").write_bytes(SECRET)
    (strange / "vectors").symlink_to(elsewhere)
    before = {file.name: file.read_bytes() for file in elsewhere.iterdir()}
    with caplog.at_level(logging.WARNING):
        use(strange)
    assert {file.name: file.read_bytes() for file in elsewhere.iterdir()} == before
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "a link, which is not followed" in caplog.text


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("has_victim", [True, False])
def test_a_catalogue_that_is_a_link_is_refused(
    strange: Path, victim: Path, ending: str, has_victim: bool
) -> None:
    part = strange / f"catalog.sqlite3{ending}"
    part.unlink(missing_ok=True)
    part.symlink_to(victim)
    if not has_victim:
        victim.unlink()
    with pytest.raises(LibraryDamagedError, match="link or not a plain file"):
        Library.open(strange, create=True)
    assert victim.exists() == has_victim


def test_a_library_inside_it_is_not_reached_through_a_link(strange: Path, tmp_path: Path) -> None:
    for names in (("profiles",), ("profiles", "paper")):
        place = strange.joinpath(*names)
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(tmp_path)
        with (
            Library.open(strange) as library,
            pytest.raises(LibraryDamagedError, match="is a link, which is not followed"),
        ):
            library.find_nested("profiles", "paper")
        place.unlink()
    with Library.open(strange) as library:
        assert library.find_nested("profiles", "paper") == strange / "profiles" / "paper"


def test_the_library_itself_may_be_reached_through_a_link(strange: Path, tmp_path: Path) -> None:
    way = tmp_path / "way"
    way.symlink_to(strange)
    use(way)
    assert any(name.endswith(".head") for name in list_names(strange))


def test_a_backup_made_of_hard_links_stays_as_it_was(strange: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    shutil.copytree(strange / "vectors", backup, copy_function=os.link)
    before = {file.name: file.read_bytes() for file in backup.iterdir()}
    use(strange)
    assert {file.name: file.read_bytes() for file in backup.iterdir()} == before


def test_a_pipe_is_not_waited_for(strange: Path) -> None:
    for file in [*(strange / "vectors").iterdir(), strange / "writer.json"]:
        if file.suffix != ".lock":
            file.unlink(missing_ok=True)
            os.mkfifo(file)
    use(strange)
    with Library.open(strange) as one, Library.open(strange) as other, one.writing():
        (strange / "writer.json").unlink()
        os.mkfifo(strange / "writer.json")
        with pytest.raises(LibraryBusyError, match="by another process"), other.writing(0):
            pytest.fail("two writers at once")


def test_who_writes_is_told_in_one_line_of_bounded_length(strange: Path) -> None:
    with Library.open(strange) as one, Library.open(strange) as other, one.writing():
        said = '{"pid": "\\u001b[31m\\n1", "host": "h", "since": "s", "command": "c"}'
        (strange / "writer.json").write_text(said)
        with (
            pytest.raises(LibraryBusyError, match=r"process \[31m1 on h since s"),
            other.writing(0),
        ):
            pytest.fail("two writers at once")
        (strange / "writer.json").write_text(said + " " * 5000)
        with pytest.raises(LibraryBusyError, match="by another process"), other.writing(0):
            pytest.fail("two writers at once")


def test_arrays_are_no_larger_than_their_file() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(1 << 20))
    content = packed.getvalue()
    with pytest.raises(LibraryDamagedError, match="compressed"):
        unpack_arrays(hashlib.sha256(content).digest() + content)


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_own(target, b"one")
    assert target.stat().st_mode & 0o777 == 0o666 & ~_read_umask()
    with suppress(KeyboardInterrupt), replacing(target) as file:
        file.write(b"two")
        raise KeyboardInterrupt
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert read_own(target, 3) == b"one"
    with pytest.raises(OSError, match="too large"):
        read_own(target, 2)
    with pytest.raises(OSError, match="not a plain file"):
        open_own(tmp_path, "rb")


def _read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_every_file_of_the_store_is_opened_here() -> None:
    """Whatever else opens or writes a file by its path would follow links."""
    opening = {"open", "write_text", "write_bytes", "read_text", "read_bytes", "touch", "mkstemp"}
    found: list[str] = []
    for file in sorted(Path(store.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in opening and file.name != "own_files.py":
                    found.append(f"{file.name}: {ast.unparse(node)}")
    # Those of libraries and of SpaceFiles open nothing by themselves.
    own = ("Library.open(", "type(self).open(self._source,")
    assert [one for one in found if not one.partition(": ")[2].startswith(own)] == [
        "inverted_list_files.py: files.open(head, lists)",
        "update.py: files.open(head)",
    ]
