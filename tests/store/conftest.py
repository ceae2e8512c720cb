"""A library in a folder whose name is not ASCII."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.library import Library
from tests.store.examples import SPACES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "Bibliothèque ♫"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with Library.open(folder, create=True) as opened:
        opened.catalog.adopt_profile("toy", SPACES)
        yield opened


@pytest.fixture
def catalog(library: Library) -> Catalog:
    return library.catalog
