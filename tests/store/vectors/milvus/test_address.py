"""Addresses of Milvus servers; no server is needed."""

import pytest

from mvsearch.store.errors import MvsearchError
from mvsearch.store.vectors.milvus.address import MilvusAddress, is_milvus, parse_address


@pytest.mark.parametrize(
    ("text", "uri", "shown", "token"),
    [
        ("milvus://one", "http://one:19530", "milvus://one:19530", ""),
        ("milvuss://one:443/songs", "https://one:443", "milvuss://one:443/songs", ""),
        ("milvus://ann:s%3Ae%40@one", "http://one:19530", "milvus://one:19530", "ann:s:e@"),
        ("milvuss://key@one:1", "https://one:1", "milvuss://one:1", "key"),
        ("milvus://[::1]:9", "http://[::1]:9", "milvus://[::1]:9", ""),
        (
            *("milvus://one?shards=8&partitions=64", "http://one:19530"),
            *("milvus://one:19530?shards=8&partitions=64", ""),
        ),
    ],
)
def test_an_address_is_read_and_shown_without_its_secret(
    text: str, uri: str, shown: str, token: str
) -> None:
    address = parse_address(text, {})
    assert (address.uri, str(address), address.token) == (uri, shown, token)
    again = parse_address(shown, {"MVSEARCH_MILVUS_TOKEN": "other"})
    assert (str(again), again.token) == (shown, "other")
    assert "s:e@" not in repr(address)
    assert "other" not in repr(again)
    assert is_milvus(text)


def test_the_token_of_an_address_goes_before_that_of_the_environment() -> None:
    environment = {"MVSEARCH_MILVUS_TOKEN": "b", "MVSEARCH_MILVUS_CA": "/ca.pem"}
    assert parse_address("milvus://a@one", environment).token == "a"
    assert parse_address("milvus://one", environment).certificates == "/ca.pem"
    assert parse_address("milvus://one", {}) == MilvusAddress("one")


@pytest.mark.parametrize(
    "text",
    [
        "milvus://",
        "milvus://:19530",
        "milvus://secret@one:port",
        "milvus://secret@one:99999",
        "milvus://secret@one:0",
        "milvus://secret@one/a/b",
        "milvus://secret@one?shards=0",
        "milvus://secret@one?shards=65",
        "milvus://secret@one?shards=٣",
        "milvus://secret@one?secret=1",
        "milvus://secret@one?shards",
        "milvus://secret@one#x",
        "milvus://secret@one two",
        "http://secret@one",
        "milvus://secret@[one",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(MvsearchError, match="write milvus://HOST:PORT") as refused:
        parse_address(text, {})
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
