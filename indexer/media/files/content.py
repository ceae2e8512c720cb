"""Computes a content id for a file, from its size and samples of its bytes."""

import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from mvsearch.store.errors import MediaError

MIB = 2**20
WHOLE_LIMIT_BYTES = 4 * MIB
EDGE_BYTES = MIB
N_BLOCKS = 16
BLOCK_BYTES = 64 * 2**10


def content_id(path: Path) -> str:
    """Compute the content id of a file: 40 hexadecimal digits, BLAKE2b of its size and bytes.

    Up to 4 MiB all bytes are hashed. Of a larger file 3 MiB are: the first and last MiB, where
    containers have indexes and tags, and 16 blocks of 64 KiB evenly spaced between them.

    Files of one size that differ in the hashed bytes have different ids (probability of a collision
    2^-160). Differences in other bytes are not seen. No gap is longer than a 17th of the file.
    n differing bytes at random positions are missed with probability (1 - 3 MiB / size)^n: for
    100 MiB, 0.05 with 100 bytes and 10^-13 with 1,000.

    Raises:
        MediaError: "unreadable".
    """
    digest = blake2b(digest_size=20, person=b"mvsearch-1")
    try:
        with open(path, "rb", buffering=0, opener=open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise MediaError("unreadable", "it is not a regular file")
            digest.update(status.st_size.to_bytes(8, "little"))
            for start, length in _sampled_spans(status.st_size):
                _digest_span(file, start, length, digest)
    except OSError as error:
        raise MediaError("unreadable", explain_error(error)) from None
    return digest.hexdigest()


def open_at_once(path: str, flags: int) -> int:
    """Open a file without blocking, in case it was replaced by a pipe; for `open`'s `opener`."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def explain_error(error: OSError) -> str:
    """Describe an error of the operating system, without the path."""
    if isinstance(error, PermissionError):
        return "there is no permission to read it"
    if isinstance(error, FileNotFoundError):
        return "it is no longer there, or a link that leads nowhere"
    return f"it cannot be read: {(error.strerror or 'unknown reason').lower()}"


def _sampled_spans(size: int) -> list[tuple[int, int]]:
    """List the hashed spans (start, length) in bytes of a file of the given size."""
    if size <= WHOLE_LIMIT_BYTES:
        return [(0, size)]
    inner = size - 2 * EDGE_BYTES
    gap = (inner - N_BLOCKS * BLOCK_BYTES) // (N_BLOCKS + 1)
    blocks = [
        (EDGE_BYTES + gap + number * (gap + BLOCK_BYTES), BLOCK_BYTES) for number in range(N_BLOCKS)
    ]
    return [(0, EDGE_BYTES), *blocks, (size - EDGE_BYTES, EDGE_BYTES)]


def _digest_span(file: BinaryIO, start: int, length: int, digest: blake2b) -> None:
    """Hash a span of a file, or less if the file ends before."""
    file.seek(start)
    while length > 0:
        chunk = file.read(min(length, MIB))
        if not chunk:
            return
        digest.update(chunk)
        length -= len(chunk)
