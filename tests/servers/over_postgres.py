"""Runs tests that were written for libraries in folders over PostgreSQL, unchanged.

With `$MVSEARCH_TEST_LIBRARY=postgres` a new library in a folder is a new database, which the folder
names. What is local to a library, such as its index files, lies in the folder as ever.
With `milvus` their vectors are in Milvus, unless a test chooses something else.
"""

import functools
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mvsearch.store import open_database as opening
from mvsearch.store.database import schema
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.address import read_place
from mvsearch.store.opening import Address, make_folder
from mvsearch.store.vectors import choice
from tests.servers.milvus import obtain_server
from tests.servers.postgres import shared_server

VARIABLE = "MVSEARCH_TEST_LIBRARY"
MARK = "database.txt"
# The database from which others are copied, because making all tables takes longer.
TEMPLATE = "template_of_libraries"


# What is about files of a library in a folder, or about vectors to more than a thousandth.
LEFT_OUT = (
    "tests/store/catalog/test_completion.py",
    "tests/store/catalog/reading/test_moods.py::test_a_library_from_before_has_no_moods",
    "tests/search/test_chain.py::test_a_damaged_file_is_told_and_kept",
    "tests/search/test_languages.py::test_lines_of_another_language_follow_each_other",
)


def is_left_out(test: str) -> bool:
    """Whether a test, by its id, says nothing of PostgreSQL."""
    return is_chosen() and test.startswith(LEFT_OUT)


def is_chosen() -> bool:
    """Whether tests run over PostgreSQL."""
    return os.environ.get(VARIABLE) in ("postgres", "milvus")


def use_postgres(patch: pytest.MonkeyPatch) -> None:
    """Let libraries in folders be databases, for this process."""
    replace(patch, opening.open_database, _open)
    replace(patch, opening.has_library, _has)
    if os.environ[VARIABLE] == "milvus":
        replace(patch, choice.find_choice, _find_choice)
    patch.setattr(sqlite3, "connect", functools.partial(_connect, sqlite3.connect))


def replace(patch: pytest.MonkeyPatch, old: Callable[..., Any], new: Callable[..., Any]) -> None:
    """Replace a function in every module that has it."""
    wrapped = functools.partial(new, old)
    for module in list(sys.modules.values()):
        is_ours = getattr(module, "__name__", "").startswith("mvsearch.")
        if is_ours and module.__dict__.get(old.__name__) is old:
            patch.setattr(module, old.__name__, wrapped)


def _open(
    real: Callable[..., tuple[Database, Path]],
    address: Address,
    *,
    create: bool = False,
    is_read_only: bool = False,
) -> tuple[Database, Path]:
    if "://" in str(address) or (Path(address) / "catalog.sqlite3").exists():
        return real(address, create=create, is_read_only=is_read_only)
    folder = Path(address).absolute()
    mark = folder / MARK
    if not mark.exists():
        if not create:
            return real(address)
        make_folder(folder)
        mark.write_text(make_database())
    found = read_place(mark.read_text())
    return Database(found.url, str(folder), schema=found.schema), folder


def _connect(real: Callable[..., Any], place: Any, *words: Any, **named: Any) -> Any:
    """Skip a test that looks into the file of SQLite, or damages it."""
    if "catalog.sqlite3" in str(place) and not Path(place).exists():
        pytest.skip("is about the file of SQLite")
    return real(place, *words, **named)


def _find_choice(real: Callable[[Database], str], database: Database) -> str:
    """Milvus in place of the default."""
    found = real(database)
    return obtain_server().address if found == choice.PGVECTOR else found


def _has(real: Callable[[Address], bool], address: Address) -> bool:
    return (Path(address) / MARK).exists() or real(address)


@functools.cache
def _make_template() -> None:
    server = shared_server()
    server.run(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'")
    place = read_place(server.address(TEMPLATE))
    made = Database(place.url, place.shown, schema=place.schema)
    schema.upgrade(made)
    made.close()


def make_database() -> str:
    """The address of a new database with all tables."""
    _make_template()
    return shared_server().make_database(TEMPLATE)


def _read_name(folder: Path) -> str:
    """The database of a folder."""
    return str(read_place((folder / MARK).read_text()).url.database)


def drop_databases(folder: Path) -> None:
    """Drop the databases of all folders inside one."""
    for mark in folder.rglob(MARK):
        shared_server().run(f"DROP DATABASE IF EXISTS {_read_name(mark.parent)} WITH (FORCE)")


@pytest.fixture(autouse=is_chosen())
def _dropping(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop what a test made in its own folder, since each database takes some megabytes."""
    yield
    folder = request.node.funcargs.get("tmp_path")
    if folder is not None and is_chosen():
        drop_databases(folder)
