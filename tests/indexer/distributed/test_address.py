"""Where an index run works."""

import pytest

from mvsearch.indexer.distributed.address import ClusterAddress, parse_address, parse_head
from mvsearch.store.errors import MvsearchError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ray", ClusterAddress()),
        ("ray://head", ClusterAddress("head", 10001)),
        ("ray://10.0.0.1:7000", ClusterAddress("10.0.0.1", 7000)),
        ("ray://[fd00::1]:7000", ClusterAddress("[fd00::1]", 7000)),
    ],
)
def test_addresses_are_read(text: str, address: ClusterAddress) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "dask", "ray:", "ray://", "ray://head:0", "ray://head:70000", "ray://a b", "ray://a/../b",
     "ray://head:6379\nx", "RAY", "http://head:1", "ray://user:pass@head:1"],
)  # fmt: skip
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(MvsearchError, match="an index run works on ray or on ray://HOST:PORT"):
        parse_address(text)


def test_heads_are_read() -> None:
    assert parse_head("head.example:6379") == ("head.example", 6379)
    for text in ("head", "head:", ":1", "head:99999", "--head:1 --x:2"):
        with pytest.raises(MvsearchError, match="HOST:PORT"):
            parse_head(text)
