"""Libraries with their catalogue in PostgreSQL and their vectors in Milvus."""

from collections.abc import Iterator

import pytest

from mvsearch.store.library import Library
from tests.servers.milvus import MilvusLite, milvus
from tests.store.examples import SPACES

__all__ = ["milvus"]


@pytest.fixture
def library(
    postgres_address: str, milvus: MilvusLite, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Library]:
    """An empty one; from two videos on, its centres stay."""
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 2)
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MAX_DRIFT", 10.0)
    with Library.open(postgres_address, create=True) as opened:
        opened.choose_vectors(milvus.address)
        opened.catalog.adopt_profile("toy", SPACES)
        yield opened
