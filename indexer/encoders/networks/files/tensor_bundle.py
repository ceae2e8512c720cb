"""Reads the tensors of a TensorFlow checkpoint without TensorFlow.

A checkpoint ("tensor bundle") is two files. The index is a table of LevelDB: blocks of keys that
share their beginnings, and at its end a block of where these lie. Each value says, as a protocol
buffer, where in the other file a tensor's numbers are. The formats are those of TensorFlow's
`tensor_bundle.proto` and LevelDB's `table_format.md`; nothing is run.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders.networks.runtime import Array
from mvsearch.store.own_files import open_own

FOOTER_BYTES, MAGIC = 48, bytes.fromhex("57fb808b247547db")
# An index that is larger is none of a network that is read here.
MAX_INDEX_BYTES = 1 << 24
FLOAT32 = 1
# Fields of an entry, and of a shape and its dimensions.
TYPE, SHAPE, OFFSET, SIZE = 1, 2, 4, 5
DIMENSION, LENGTH = 2, 1


def read_tensors(index: Path, data: Path, names: Collection[str]) -> dict[str, Array]:
    """Read float32 tensors by their names.

    Args:
        index: the `.index` of a checkpoint, without compression.
        data: its only `.data-00000-of-00001`.
        names: of the tensors.

    Returns:
        The tensors by name.

    Raises:
        ValueError: a file is damaged, or lacks a tensor of this name and type.
        OSError: a file cannot be read.
    """
    with open_own(index, "rb") as file:
        table = file.read(MAX_INDEX_BYTES)
    try:
        entries = {key.decode(): value for key, value in _iter_table(table)}
        with open_own(data, "rb") as file:
            numbers = file.read()
        return {name: _read_tensor(_parse(entries[name]), numbers) for name in names}
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError(f"{index} is damaged, or has no {error}") from None


def _read_tensor(entry: dict[int, list[int | bytes]], numbers: bytes) -> Array:
    """The tensor of an entry."""
    shape = tuple(
        _number(_parse(dimension), LENGTH)
        for part in entry.get(SHAPE, [])
        for dimension in _parse(_bytes(part)).get(DIMENSION, [])
        if isinstance(dimension, bytes)
    )
    offset, size = _number(entry, OFFSET), _number(entry, SIZE)
    is_whole = size == 4 * int(np.prod(shape, dtype=np.int64)) and offset + size <= len(numbers)
    if _number(entry, TYPE) != FLOAT32 or not is_whole:
        raise ValueError("a tensor is not of float32, or does not lie in its file")
    found: Array = np.frombuffer(numbers, "<f4", size // 4, offset).reshape(shape)
    return found


def _iter_table(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a table."""
    footer = table[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or not footer.endswith(MAGIC):
        raise ValueError("this is no index of a checkpoint")
    _, at = _read_handle(footer, 0)
    (begin, end), _ = _read_handle(footer, at)
    for _, handle in _iter_block(table[begin:end]):
        (begin, end), _ = _read_handle(handle, 0)
        # Behind each block stands how it is compressed.
        if table[end] != 0:
            raise ValueError("the index of a checkpoint is compressed")
        yield from _iter_block(table[begin:end])


def _iter_block(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a block; each key begins as the one before it."""
    n_restarts = int.from_bytes(block[-4:], "little")
    end, at, key = len(block) - 4 * (n_restarts + 1), 0, b""
    if end < 0:
        raise ValueError("a block of the index of a checkpoint is cut off")
    while at < end:
        n_shared, at = _read_varint(block, at)
        n_new, at = _read_varint(block, at)
        n_value, at = _read_varint(block, at)
        if at + n_new + n_value > end:
            raise ValueError("a block of the index of a checkpoint is cut off")
        key = key[:n_shared] + block[at : at + n_new]
        at += n_new
        yield key, block[at : at + n_value]
        at += n_value


def _read_handle(content: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Where a block begins and ends, and where the next value is."""
    begin, at = _read_varint(content, at)
    length, at = _read_varint(content, at)
    return (begin, begin + length), at


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    """A number in base 128, least digit first, and where the next value is."""
    number = 0
    for shift in range(0, 70, 7):
        digit = content[at]
        number |= (digit & 0x7F) << shift
        at += 1
        if digit < 0x80:
            return number, at
    raise ValueError("a number of the index of a checkpoint is too long")


def _parse(message: bytes) -> dict[int, list[int | bytes]]:
    """The fields of a protocol buffer by number."""
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = _read_varint(message, at)
        else:
            length = 4 if tag & 7 == 5 else 8
            if tag & 7 == 2:
                length, at = _read_varint(message, at)
            value = message[at : at + length]
            at += length
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _number(fields: dict[int, list[int | bytes]], field: int) -> int:
    """A number; what is zero is not written."""
    value = fields.get(field, [0])[0]
    return value if isinstance(value, int) else 0


def _bytes(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""
