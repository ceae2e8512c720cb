"""A Milvus server that is away, ends or refuses: one line, and nothing lost."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvsearch.store.errors import LibraryUnreachableError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.vectors.milvus import client as client_module
from mvsearch.store.vectors.milvus.address import MilvusAddress, parse_address
from mvsearch.store.vectors.milvus.client import MilvusServer, MissingCollectionError
from tests.servers.milvus import MilvusLite, find_free_port, require_milvus
from tests.store.examples import FRAMES, SPACES, fill_song, random_units

SECRET = "root:s3cret/word"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[MilvusLite]:
    """A server to stop and kill."""
    require_milvus()
    server = MilvusLite(tmp_path / "milvus")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def library(
    postgres_address: str, own: MilvusLite, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Library]:
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 2)
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MAX_DRIFT", 10.0)
    with Library.open(postgres_address, create=True) as opened:
        opened.choose_vectors(own.address)
        opened.catalog.adopt_profile("toy", SPACES)
        for seed, name in enumerate(("aa01", "bb02", "cc03")):
            fill_song(opened.catalog, name, seed=10 * seed)
        opened.index(FRAMES)
        yield opened


def search(library: Library) -> tuple[set[str], Any]:
    index = library.index(FRAMES)
    found = index.search(index.place(random_units(2, 8, seed=5)), 100)
    return {index.video_ids[at] for at in found.videos[found.videos >= 0]}, found


@pytest.mark.milvus
def test_a_server_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    require_milvus()
    monkeypatch.setattr(client_module, "CONNECT_SECONDS", 0.3)
    address = parse_address(f"milvus://{SECRET.replace('/', '%2F')}@127.0.0.1:{find_free_port()}")
    with pytest.raises(LibraryUnreachableError, match="cannot be reached") as told:
        MilvusServer(address).ask("list_collections")
    assert "\n" not in str(told.value)
    assert "s3cret" not in str(told.value)


@pytest.mark.milvus
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_that_restarts_between_calls_loses_nothing(
    library: Library, own: MilvusLite, end: str
) -> None:
    expected, before = search(library)
    getattr(own, end)()
    own.start()
    found, after = search(library)
    assert found == expected == {"aa01", "bb02", "cc03"}
    np.testing.assert_allclose(after.similarities, before.similarities, atol=1e-5)
    fill_song(library.catalog, "dd04", seed=40)
    assert search(library)[0] == expected | {"dd04"}


@pytest.mark.milvus
def test_a_write_waits_for_a_server_that_is_killed_and_comes_back(
    library: Library, own: MilvusLite
) -> None:
    own.kill()
    back = threading.Timer(1.0, own.start)
    back.start()
    try:
        fill_song(library.catalog, "dd04", seed=40)
    finally:
        back.join()
    assert search(library)[0] == {"aa01", "bb02", "cc03", "dd04"}


@pytest.mark.milvus
def test_a_write_to_a_server_that_stays_away_changes_nothing(
    library: Library, own: MilvusLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.stop()
    with monkeypatch.context() as patched:
        patched.setattr(client_module, "WAIT_SECONDS", 0.5)
        patched.setattr("mvsearch.store.database.connection.WRITE_PATIENCE_SECONDS", 0.0)
        with pytest.raises(LibraryUnreachableError, match="Milvus") as told:
            fill_song(library.catalog, "dd04", seed=40)
        assert "\n" not in str(told.value)
        assert library.catalog.embeddings("dd04", FRAMES.key) is None
        with pytest.raises(LibraryUnreachableError, match="Milvus"):
            search(library)
    own.start()
    assert search(library)[0] == {"aa01", "bb02", "cc03"}


def explain(error: Exception, token: str = SECRET) -> MvsearchError:
    return MilvusServer(MilvusAddress("one", token=token))._explain(error)


@pytest.mark.parametrize(
    ("code", "message", "kind", "words"),
    [
        (1800, "auth check failure, please check username and password", MvsearchError, "refuses"),
        (65535, "PrivilegeQuery: permission deny to one", MvsearchError, "MVSEARCH_MILVUS_TOKEN"),
        (9, "quota exceeded[reason=disk quota exceeded]", MvsearchError, "takes no more"),
        (1, "[Errno 28] No space left on device", MvsearchError, "what is done is kept"),
        (100, "collection 'a' does not exist", MissingCollectionError, "does not exist"),
        (2, "Fail connecting to server on one:19530", LibraryUnreachableError, "cannot be reached"),
        (5, "something\nelse", MvsearchError, "something else"),
        (1, f"bad {SECRET} and s3cret/word", MvsearchError, "bad … and …"),
    ],
)
def test_errors_of_the_server_are_one_line(
    code: int, message: str, kind: type[MvsearchError], words: str
) -> None:
    """Refusals that Milvus Lite does not know, as the client of a cluster raises them."""
    pymilvus = pytest.importorskip("pymilvus")
    told = explain(pymilvus.MilvusException(code=code, message=message))
    assert type(told) is kind
    assert words in str(told)
    assert "\n" not in str(told)
    assert "s3cret" not in str(told)


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pymilvus", None)
    with pytest.raises(MvsearchError, match=r"\[milvus\]'") as told:
        MilvusServer(MilvusAddress("one")).ask("list_collections")
    assert "\n" not in str(told.value)
