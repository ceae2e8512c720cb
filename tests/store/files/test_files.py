"""Files of a library are the same in a folder and in a database."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mvsearch.store.database.connection import Database, sqlite_url
from mvsearch.store.documents import Document
from mvsearch.store.errors import LibraryBusyError, LibraryDamagedError, MvsearchError
from mvsearch.store.files import in_database
from mvsearch.store.files.in_database import DatabaseFiles, make_table
from mvsearch.store.files.in_folder import FolderFiles
from mvsearch.store.files.kept import LibraryFiles
from mvsearch.store.library import Library
from tests.limits import HANG_SECONDS

COPY = f"session-media/{'0a' * 32}"


@pytest.fixture(params=["folder", "database", pytest.param("postgres", marks=pytest.mark.postgres)])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LibraryFiles]:
    if request.param == "folder":
        yield FolderFiles(tmp_path)
        return
    if request.param == "postgres":
        with Library.open(request.getfixturevalue("postgres_address"), create=True) as library:
            yield library.files
        return
    database = Database(sqlite_url(tmp_path / "files.sqlite3", "rwc"), "here")
    with database.writing() as session:
        make_table(session.connection())
    yield DatabaseFiles(database)
    database.close()


@pytest.mark.parametrize("name", ["mood-heads.safetensors", "reviews.json", COPY])
def test_a_file_is_written_replaced_and_dropped(files: LibraryFiles, name: str) -> None:
    for look in (files.find_mark, files.read):
        with pytest.raises(FileNotFoundError):
            look(name)
    files.drop(name)
    marks = set()
    for content in (b"", bytes(range(256)), b"\xff\0 again"):
        files.write(name, content)
        marks.add(files.find_mark(name))
        assert files.find_mark(name) in marks
        assert files.read(name) == content
    assert len(marks) == 3
    folder = name.rpartition("/")[0]
    (listed,) = files.list_files(folder).items()
    assert listed[0] == name
    assert abs(listed[1] - time.time()) < HANG_SECONDS
    assert files.list_files("lyric-fits") == {}
    assert name in files.describe(name)
    files.drop(name)
    assert files.list_files(folder) == {}


@pytest.mark.parametrize(
    "name", ["", "catalog.sqlite3", "../reviews.json", "session-media/x", "/etc/hosts", f"{COPY}\n"]
)
def test_other_names_are_refused(files: LibraryFiles, name: str) -> None:
    uses: list[Callable[[str], object]] = [files.find_mark, files.read, files.drop]
    for use in (*uses, lambda name: files.write(name, b"")):
        with pytest.raises(ValueError, match="no file of a library"):
            use(name)
    with pytest.raises(ValueError, match="no file of a library"), files.locking(name):
        pass
    with pytest.raises(ValueError, match="no folder"):
        files.list_files("training")


def test_documents_are_changed_by_one_at_a_time(files: LibraryFiles) -> None:
    document = Document(files, "playlists", lambda found: found or {"n": 0})

    def count() -> None:
        for _ in range(5):
            with document.changing() as value:
                value["n"] += 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_SECONDS)
    assert document.read() == {"n": 20}
    with pytest.raises(KeyError), document.changing() as value:
        del value["n"], value["m"]
    assert document.read() == {"n": 20}


def test_what_is_too_large_or_no_document_is_a_line(files: LibraryFiles) -> None:
    document = Document(files, "reviews", lambda found: found)
    large = Document(files, "reviews", lambda _: None, lambda _: "x" * 16 * 2**20)
    with pytest.raises(MvsearchError, match="larger than 16 MiB"), large.changing():
        pass
    for content in (b"{", b"\xff", b"[" * 100_000):
        files.write("reviews.json", content)
        with pytest.raises(LibraryDamagedError, match=r"reviews\.json.* cannot be read") as caught:
            document.read()
        assert "\n" not in str(caught.value)


def test_a_row_whose_content_is_another_is_damage(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "files.sqlite3", "rwc"), "here")
    with database.writing() as session:
        make_table(session.connection())
        row = {"name": COPY, "content": b"a", "sha256": hashlib.sha256(b"b").hexdigest()}
        columns = "INSERT INTO stored_file VALUES (:name, :content, :sha256, 0.0)"
        session.connection().exec_driver_sql(columns, row)
    with pytest.raises(LibraryDamagedError, match="is damaged"):
        DatabaseFiles(database).read(COPY)
    database.close()


@pytest.mark.postgres
def test_another_process_waits_for_the_lock(
    postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Library.open(postgres_address, create=True) as here,
        Library.open(postgres_address) as there,
    ):
        with here.files.locking("playlists.json"):
            here.files.write("playlists.json", b"1")
            with pytest.raises(FileNotFoundError):
                there.files.read("playlists.json")
            with there.files.locking("reviews.json"):
                there.files.write("reviews.json", b"2")
            monkeypatch.setattr(in_database, "WAIT_SECONDS", 0.1)
            with (
                pytest.raises(LibraryBusyError, match="is being written by another process"),
                there.files.locking("playlists.json"),
            ):
                pass
        assert there.files.read("playlists.json") == b"1"
        assert here.files.read("reviews.json") == b"2"
