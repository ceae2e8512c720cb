"""What doctor and status say of a library in PostgreSQL."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

import mvsearch
from mvsearch.store.copying import copy
from mvsearch.store.library import Library
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.store.copying.test_copy import EndedError, end_after
from tests.toy_library import make_indexed

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("doctor")
    return make_indexed(place / "videos", place / "library")


def find(address: str) -> dict[str, tuple[str, str]]:
    found = mvsearch.diagnose(address).findings
    return {one.name: (one.state, one.what) for one in found if one.area == "library"}


def test_a_library_and_its_server_are_told(
    folder: Path, postgres: PostgresServer, postgres_address: str, shell
) -> None:  # type: ignore[no-untyped-def]
    assert find(postgres_address)["library"][0] == "note"
    mvsearch.copy_library(folder, postgres_address)
    name = postgres_address.partition("?")[0].rpartition("/")[2]
    address = postgres.tcp_address(name, PASSWORD)
    told = find(address)
    assert "3 videos" in told["database"][1]
    assert told["server"][0] == "ok"
    for word in ("PostgreSQL 18", "pgvector 0.8", "primary", " ms"):
        assert word in told["server"][1]
    assert {"tables", "connections", "indexes"} <= {*told}
    assert told["indexes"] == ("ok", "up to date")
    with mvsearch.open(address) as opened:
        by_library = {one.name: one for one in opened.diagnose().findings}
    assert "3 videos" in by_library["database"].what
    assert by_library["server"].state == "ok"
    with Library.open(address) as library, library.database.writing() as session:
        session.execute(text("UPDATE index_placement SET is_current = false"))
    assert find(address)["indexes"][0] == "note"
    code, out, _ = shell("status", "--library", address, "--json")
    server = json.loads(out)["server"]
    assert (code, server["is_replica"]) == (0, False)
    assert server["bytes"] > sum(server["largest_tables"].values()) / 2
    for command in ("status", "doctor", "encoders list", "check", "failures"):
        _, out, err = shell(*command.split(), "--library", address)
        assert PASSWORD not in out + err
        assert "not%2Fso" not in out + err
        assert "Traceback" not in out + err


def test_half_a_copy_is_told(folder: Path, postgres_address: str) -> None:
    with pytest.raises(EndedError):
        copy.copy_library(folder, postgres_address, report=end_after(1))
    assert find(postgres_address)["database"] == (
        "problem",
        f"{mvsearch.diagnose(postgres_address).library} is half copied",
    )


@pytest.mark.parametrize("wrong", ["port", "password", "database"])
def test_a_server_that_cannot_be_used_is_a_problem(postgres: PostgresServer, wrong: str) -> None:
    address = postgres.tcp_address("postgres", PASSWORD)
    if wrong == "port":
        address = address.replace(str(postgres.port), "1")
    if wrong == "password":
        address = postgres.tcp_address("postgres", "another-secret")
    if wrong == "database":
        address = postgres.tcp_address("absent", PASSWORD)
    (state, what) = find(address)["database"]
    assert state == "problem"
    assert "\n" not in what
    assert "secret" not in what
