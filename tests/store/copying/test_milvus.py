"""The vectors of a copy are searched by Milvus."""

import socket
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.checking.check import check_library
from mvsearch.store.copying.copy import copy_library
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from tests.servers.milvus import MilvusLite, milvus
from tests.store.copying.whole import fill_library
from tests.store.examples import FRAMES

__all__ = ["milvus"]  # its fixture

pytestmark = pytest.mark.milvus


def test_a_copy_is_searched_by_milvus(
    tmp_path: Path, postgres_address: str, milvus: MilvusLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 2)
    source = tmp_path / "source"
    fill_library(source)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        absent = f"milvus://key@127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(MvsearchError, match="milvus://127") as refused:
        copy_library(source, postgres_address, absent)
    assert "key@" not in str(refused.value)
    secret = milvus.address.replace("//", "//key@")
    done = copy_library(source, postgres_address, secret)
    assert done.is_resumed
    with Library.open(source) as here, Library.open(postgres_address) as there:
        assert there.vectors == milvus.address
        asked = here.index(FRAMES).vectors("00")[:1]
        mine, theirs = (one.index(FRAMES).search(asked, 4) for one in (here, there))
        np.testing.assert_allclose(mine.similarities, theirs.similarities, atol=2e-3)
    assert check_library(postgres_address).damages == ()
    assert copy_library(postgres_address, tmp_path / "back").tables == done.tables
