"""Addresses of libraries in PostgreSQL, without a server."""

import subprocess
import sys
from pathlib import Path

import pytest

from mvsearch.search.commands.options.common import read_library
from mvsearch.store.database.postgresql.address import read_place
from mvsearch.store.errors import MvsearchError
from mvsearch.store.opening import hide_password, parse_address

SECRET = "s3cret"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ann:{SECRET}@db.example/videos",
        f"postgresql+psycopg://ann:{SECRET}@db.example:5433/videos?sslmode=require",
        f"postgres://ann@db.example/videos?password={SECRET}&sslmode=require",
        f"postgresql://ann@db.example/videos?sslmode=require&sslpassword={SECRET}",
        f"postgresql://:{SECRET}@/videos?host=/run/postgresql",
    ],
)
def test_no_password_is_shown(address: str) -> None:
    place = read_place(address)
    assert SECRET not in place.shown
    assert SECRET not in hide_password(address)
    assert SECRET in place.url.render_as_string(hide_password=False)
    assert SECRET not in repr(place)
    assert read_place(place.shown).shown == place.shown
    assert "/videos" in place.shown


def test_the_cache_is_that_of_the_address_without_a_password() -> None:
    bare = read_place("postgresql://ann@db.example/videos")
    told = read_place(f"postgresql+psycopg://ann:{SECRET}@db.example/videos")
    assert bare.cache_folder == told.cache_folder
    other = read_place("postgresql://ann@db.example/others")
    assert other.cache_folder != bare.cache_folder


@pytest.mark.parametrize(
    ("options", "schema", "path"),
    [
        ("", "public", None),
        ("?options=-csearch_path%3Dmusic", "music", "-csearch_path=music"),
        ("?options=-c%20search_path%3Dmusic,public", "music", "-c search_path=music,public"),
        ("?options=--search_path%3DMusic", "music", "--search_path=Music"),
        ("?options=-cSearch-Path%3Dmusic%20-cjit%3Doff", "music", "-cSearch-Path=music -cjit=off"),
    ],
)
def test_a_library_lies_in_the_first_schema_of_the_path(
    options: str, schema: str, path: str | None
) -> None:
    place = read_place(f"postgresql://ann@db.example/videos{options}")
    assert (place.schema, place.url.query.get("options")) == (schema, path)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://",
        f"postgresql://ann:{SECRET}@db.example",
        f"postgresql://ann:{SECRET}@db.example:port/videos",
        f"postgresql://ann:{SECRET}@db.example/videos?options=-csearch_path%3Da;drop",
        f"postgresql://ann:{SECRET}@db.example/videos?options=-csearch_path%3Da%20-csearch_path%3Db",
        f"postgresql://ann:{SECRET}@db.example/videos?host=a&host=b",
        f"postgresql+psycopg2://ann:{SECRET}@db.example/videos",
        f"postgresql://ann:first@{SECRET}@db.example/videos",
    ],
)
def test_a_wrong_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(MvsearchError, match="no address of a library") as refused:
        read_place(address)
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert SECRET not in hide_password(address)


@pytest.mark.parametrize("scheme", ["mysql", "http", "https", "sqlite", "s3"])
def test_other_addresses_are_no_folders(scheme: str) -> None:
    with pytest.raises(MvsearchError, match=f"begins with {scheme}://") as refused:
        parse_address(f"{scheme}://ann:{SECRET}@db.example/videos")
    assert SECRET not in str(refused.value)
    assert ("mvsearch.connect" in str(refused.value)) == scheme.startswith("http")


@pytest.mark.parametrize("scheme", ["postgresql:/", "postgres:", "PostgreSQL+psycopg:/"])
def test_an_address_that_lacks_a_slash_is_no_folder(scheme: str) -> None:
    with pytest.raises(MvsearchError, match="no address of a library") as refused:
        read_library(f"{scheme}ann:{SECRET}@db.example/videos")
    assert SECRET not in str(refused.value)
    assert parse_address("postgresql") == Path("postgresql")


def test_the_driver_that_is_not_installed_is_named() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from mvsearch.store.library import Library\n"
        "from mvsearch.store.errors import MvsearchError\n"
        "try: Library.open('postgresql://ann@db.example/videos')\n"
        "except MvsearchError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "psycopg, which is not installed" in said.stdout
    assert "[postgres]'" in said.stdout
