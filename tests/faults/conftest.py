"""A library of three clips in a database of a server that may be stopped, killed and filled."""

from collections.abc import Callable
from pathlib import Path

import pytest

import mvsearch
from tests import toy_library
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_library.make_folder(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def indexed(own_postgres: PostgresServer, folder: Path, module_cache: Path) -> str:
    """The name of a database with three clips, to be copied."""
    address = own_postgres.make_database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(module_cache))
        with mvsearch.open(address, profile="toy") as library:
            assert library.index(folder).indexed == 3
    return find_name(address)


@pytest.fixture(scope="module")
def module_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes what libraries keep locally."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(module_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(module_cache))
    return module_cache


@pytest.fixture
def copy(own_postgres: PostgresServer, indexed: str) -> Callable[[], str]:
    """Makes a database with three clips; returns its address."""
    return lambda: own_postgres.make_database(indexed)


def find_name(address: str) -> str:
    """The name of the database at an address."""
    return address.split("/")[3].partition("?")[0]
