"""Commands on a library in PostgreSQL."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import mvsearch
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.run import IndexOptions, index_paths
from mvsearch.store.library import Library
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.toy_library import make_folder

pytestmark = pytest.mark.postgres

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def address(postgres: PostgresServer, postgres_address: str, tmp_path: Path) -> str:
    """A library of three videos, by TCP and with its password."""
    folder = make_folder(tmp_path / "videos")
    with Library.open(postgres_address, create=True) as library:
        index_paths([folder], library, Encoders("toy"), IndexOptions())
    name = postgres_address.partition("@/")[2].partition("?")[0]
    return postgres.tcp_address(name, PASSWORD)


def test_commands_take_the_address_and_show_no_password(
    address: str, shell: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, out, _ = shell("list", "--json", "--library", address)
    assert (code, len(json.loads(out))) == (0, 3)
    for command in ("status", "failures", "doctor", "check", "config"):
        shown = "".join(
            map(str, shell(command, *(("--library", address) if command != "config" else ())))
        )
        assert PASSWORD not in shown
        assert "so%40secret" not in shown
    monkeypatch.setenv("MVSEARCH_LIBRARY", address)
    code, out, _ = shell("search", "--text", "moth", "--json")
    assert (code, len(json.loads(out)["results"])) == (0, 3)
    for command in ("status", "config"):
        assert "so%40secret" not in "".join(map(str, shell(command)))
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not any(b"so%40secret" in file.read_bytes() for file in kept)


def test_what_searches_the_vectors_is_chosen_by_index_and_told_by_status(
    address: str, shell: Run, tmp_path: Path
) -> None:
    assert "vectors   by pgvector\n" in shell("status", "--library", address)[1]
    words = ("index", tmp_path / "videos", "--library", address, "--vectors")
    code, out, err = shell(*words, "milvus://root:secret@:0")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "secret" not in err
    assert shell(*words, "faiss")[0] == 0
    code, out, _ = shell("status", "--library", address, "--json")
    assert json.loads(out)["vectors"] == "faiss"
    assert "vectors   by faiss\n" in shell("status", "--library", address)[1]
    code, out, _ = shell("search", "--text", "moth", "--json", "--library", address)
    assert (code, len(json.loads(out)["results"])) == (0, 3)


def test_the_python_api_takes_the_address(address: str) -> None:
    with mvsearch.open(address) as library:
        assert library.address.startswith("postgresql+psycopg://postgres@127.0.0.1:")
        assert PASSWORD not in repr(library) + library.address
        first = library.videos()[0]
        library.remove(first.id)
        assert len(library.videos()) == 2


def test_a_removed_video_is_not_indexed_again_by_another_run(
    address: str, shell: Run, tmp_path: Path
) -> None:
    with mvsearch.open(address) as library:
        library.remove(library.videos()[0].id)
    code, out, error = shell("index", tmp_path / "videos", "--library", address, "--json")
    assert code in (0, 1), error
    assert json.loads(out)["kept_out"] == 1
