"""A file of fixed-size rows: appended to, erased in place, memory-mapped."""

import mmap
import os
import random
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.store.own_files import open_own

Bytes = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.uint32]

# Free bytes before the first row; a process that maps the file may write there, in memory only.
HEAD_BYTES = 4096
# Rows that share a checksum.
BLOCK_ROWS = 1024
# Files up to this size are checked completely when opened; of larger ones, some blocks.
MAX_CHECKED_BYTES = 32 << 20
N_CHECKED_BLOCKS = 4


def append_rows(file: Path, n_rows: int, row_bytes: int, blocks: Iterable[Bytes]) -> None:
    """Write rows behind the first `n_rows`, replacing rows left by a killed writer.

    Raises:
        OSError: the disk fails.
    """
    with open_own(file, "r+b", may_create=not n_rows) as opened:
        opened.truncate(HEAD_BYTES + n_rows * row_bytes)
        opened.seek(0, os.SEEK_END)
        for block in blocks:
            opened.write(block.data)
        opened.flush()
        os.fsync(opened.fileno())


def erase_rows(file: Path, row_bytes: int, spans: Iterable[tuple[int, int]]) -> None:
    """Overwrite rows with zeros in place; processes that have mapped the file read zeros then."""
    with open_own(file, "r+b") as opened:
        for first, end in spans:
            opened.seek(HEAD_BYTES + first * row_bytes)
            opened.write(bytes((end - first) * row_bytes))
        opened.flush()
        os.fsync(opened.fileno())


def is_large(n_rows: int, row_bytes: int) -> bool:
    """Whether a file with this many rows is mapped; smaller files are read into memory."""
    return HEAD_BYTES + n_rows * row_bytes > MAX_CHECKED_BYTES


def map_rows(file: Path, n_rows: int, row_bytes: int) -> Bytes:
    """Map the head and the first rows of a file, copy-on-write.

    A small file is read instead, because it is checked completely anyway.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too short.
    """
    size = HEAD_BYTES + n_rows * row_bytes
    if not is_large(n_rows, row_bytes):
        with open_own(file, "rb") as opened:
            held = np.fromfile(opened, dtype=np.uint8, count=size)
        if len(held) < size:
            raise ValueError(f"{file.name} has lost some of its length")
        return held
    with open_own(file, "rb") as opened:
        mapped = mmap.mmap(opened.fileno(), size, access=mmap.ACCESS_COPY)
    return np.frombuffer(mapped, dtype=np.uint8)


def sum_blocks(mapped: Bytes, row_bytes: int, blocks: Iterable[int]) -> list[int]:
    """The CRC-32 of some blocks of rows; the last one may be short."""
    size = BLOCK_ROWS * row_bytes
    firsts = (HEAD_BYTES + block * size for block in blocks)
    return [zlib.crc32(mapped[first : first + size].data) for first in firsts]


def count_blocks(n_rows: int) -> int:
    """The number of checksums of `n_rows` rows."""
    return -(-n_rows // BLOCK_ROWS)


def renew_sums(sums: Sums, mapped: Bytes, row_bytes: int, changed: Iterable[int]) -> Sums:
    """The checksums of all blocks, where `changed` ones and those behind the known are new."""
    n_rows = (len(mapped) - HEAD_BYTES) // row_bytes
    renewed = np.zeros(count_blocks(n_rows), dtype=np.uint32)
    renewed[: len(sums)] = sums
    blocks = sorted({*changed, *range(len(sums), len(renewed))})
    renewed[blocks] = sum_blocks(mapped, row_bytes, blocks)
    return renewed


def is_whole(mapped: Bytes, row_bytes: int, sums: Sums) -> bool:
    """Whether the checksums of the checked blocks match.

    A small file is checked completely. Of a large one, the last block is checked, which a power cut
    would damage, and a few random ones.
    """
    blocks = list(range(len(sums)))
    if len(mapped) > MAX_CHECKED_BYTES:
        blocks = sorted({blocks[-1], *random.sample(blocks, min(N_CHECKED_BLOCKS, len(blocks)))})
    return bool(sum_blocks(mapped, row_bytes, blocks) == sums[blocks].tolist())
