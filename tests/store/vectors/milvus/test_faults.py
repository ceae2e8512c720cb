"""A Milvus server that is away, ends or refuses: one line, and nothing lost."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvsearch
from mvsearch.store.database.connection import Database
from mvsearch.store.errors import LibraryUnreachableError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.vectors.milvus import client as client_module
from mvsearch.store.vectors.milvus.address import MilvusAddress, parse_address
from mvsearch.store.vectors.milvus.client import MilvusServer, MissingCollectionError
from mvsearch.store.vectors.milvus.collection import MilvusCollection, PlacedVideo
from mvsearch.store.vectors.milvus.store import MilvusStore
from tests import toy_library
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
def test_a_server_that_is_away_is_not_chosen(
    postgres_address: str,
    tmp_path: Path,
    shell: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "CONNECT_SECONDS", 0.3)
    (tmp_path / "videos").mkdir()
    away = f"milvus://root:s3cret@127.0.0.1:{find_free_port()}"
    with Library.open(postgres_address, create=True):
        pass
    words = ("index", tmp_path / "videos", "--library", postgres_address, "--vectors")
    for vectors, expected in (
        (away, "cannot be reached"),
        ("milvus://root:s3cret@one:port", "milvus://HOST:PORT"),
        ("milvus://root:s3cret@one?shards=no", "milvus://HOST:PORT"),
    ):
        code, out, err = shell(*words, vectors)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert expected in err
        assert "s3cret" not in err
    with Library.open(postgres_address) as library:
        assert library.vectors == "pgvector"


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
        patched.setattr(Database.repeat, "__defaults__", (0.0,))
        with pytest.raises(LibraryUnreachableError, match="Milvus") as told:
            fill_song(library.catalog, "dd04", seed=40)
        assert "\n" not in str(told.value)
        assert library.catalog.embeddings("dd04", FRAMES.key) is None
        with pytest.raises(LibraryUnreachableError, match="Milvus"):
            search(library)
    own.start()
    assert search(library)[0] == {"aa01", "bb02", "cc03"}


@pytest.mark.milvus
def test_queries_go_on_while_the_server_is_killed_and_comes_back(
    library: Library, own: MilvusLite
) -> None:
    expected, before = search(library)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(search, library) for _ in range(2)]
        own.kill()
        asked += [pool.submit(search, library) for _ in range(4)]
        own.start()
        asked += [pool.submit(search, library) for _ in range(2)]
        for found, answer in (one.result() for one in asked):
            assert found == expected
            np.testing.assert_allclose(answer.similarities, before.similarities, atol=1e-5)


@pytest.mark.milvus
def test_an_index_run_outlasts_a_server_that_is_killed(
    postgres_address: str, own: MilvusLite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the centres of so small a library, all is written by the first reader; so they stay."""
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 0)
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MAX_DRIFT", 1e9)
    whole, killed = MilvusStore.add, threading.Event()

    def add(self: MilvusStore, *words: Any) -> None:
        whole(self, *words)
        if not killed.is_set():
            killed.set()
            own.kill()
            own.start()

    monkeypatch.setattr(MilvusStore, "add", add)
    folder = toy_library.make_folder(tmp_path / "videos")
    with mvsearch.open(postgres_address, profile="toy") as library:
        library.index(folder, vectors=own.address)
        assert killed.is_set()
        assert len(library.videos()) == 3
        assert not library.failures()
        found = library.search(lyric="take me home along the river")
        assert found[0].video.title == "First Song"
    assert not mvsearch.check(postgres_address).damages


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


class Cluster:
    """Stands in for the client of a cluster, which has float16; notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def answer(*_: Any, **options: Any) -> Any:
            self.asked.append((method, options))
            return {"has_collection": False}.get(method)

        return answer


def test_a_cluster_gets_halves_shards_and_partitions() -> None:
    """As far as it can be tested without one: what the client is asked to send."""
    pymilvus = pytest.importorskip("pymilvus")
    server = MilvusServer(parse_address("milvuss://one?shards=8&partitions=64", {}))
    cluster = Cluster()
    server._clients = [cluster]
    collection = MilvusCollection(server, "mvsearch_a", 8)
    collection.make_anew(is_exact=False)
    asked = dict(cluster.asked)
    made = asked["create_collection"]
    assert (made["num_shards"], made["num_partitions"]) == (8, 64)
    assert made["consistency_level"] == "Strong"
    fields = {field.name: field for field in made["schema"].fields}
    assert fields["vector"].dtype == pymilvus.DataType.FLOAT16_VECTOR
    assert fields["handle"].is_partition_key
    assert fields["row"].is_primary
    collection._is_half = True
    collection.write([PlacedVideo(3, 7, random_units(2, 8, seed=1))])
    [rows] = [options for method, options in cluster.asked if method == "upsert"][:1] or [{}]
    assert rows["timeout"] > 0
    assert collection._convert(random_units(2, 8, seed=1)).dtype == np.float16
