"""A library in PostgreSQL."""

from collections.abc import Iterator

import pytest

from mvsearch.store.library import Library
from tests.store.vectors.pgvector.made import SPACES


@pytest.fixture
def library(postgres_address: str) -> Iterator[Library]:
    with Library.open(postgres_address, create=True) as opened:
        opened.catalog.adopt_profile("toy", SPACES)
        yield opened
