"""The file of an index of landmarks: written as a whole, memory-mapped if it is large."""

import json
import mmap
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mvsearch.store.landmarks.index import LandmarkIndex, Words
from mvsearch.store.landmarks.pairs import N_KEYS
from mvsearch.store.own_files import open_own, replacing

# Goes up when the same peaks would be written otherwise.
FORMAT = 1
ENDING = ".landmarks"
# Before the numbers stands the length of the head in eight bytes, then the head.
LENGTH_BYTES = 8
MAX_HEAD_BYTES = 1 << 28
READING_ERRORS = (
    OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError,
    MemoryError,
)  # fmt: skip
# A file up to this size is read and checked as a whole; a larger one is mapped.
MAX_CHECKED_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class StoredState:
    """The state of the catalogue that an index was made of.

    Attributes:
        generation: of the space in the catalogue.
        versions: by video id, see `Snapshot`.
    """

    generation: int
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class StoredLandmarks(StoredState):
    """An index of landmarks with its state."""

    index: LandmarkIndex


def write_landmarks(file: Path, space_key: str, stored: StoredLandmarks) -> None:
    """Write an index in the place of an older one; nobody sees a part of it.

    A small index has the key of each place instead of the ends of all keys.

    Raises:
        OSError: the disk refuses.
    """
    index = stored.index
    has_keys = has_few_places(index)
    begins = np.concatenate([[0], index.ends[:-1].astype(np.int64)])
    keys = np.repeat(np.arange(N_KEYS), index.ends - begins) if has_keys else index.ends
    numbers = keys.astype("<u4").tobytes(), index.places.astype("<u4").tobytes()
    head = {
        "identity": [FORMAT, space_key],
        "generation": stored.generation,
        "video_ids": index.video_ids,
        "versions": [stored.versions[one] for one in index.video_ids],
        "firsts": index.firsts.tolist(),
        "n_places": len(index.places),
        "has_keys": has_keys,
        "crc32": zlib.crc32(numbers[1], zlib.crc32(numbers[0])),
    }
    content = json.dumps(head).encode()
    content += b" " * (-len(content) % 8)
    with replacing(file) as opened:
        opened.write(len(content).to_bytes(LENGTH_BYTES, "little"))
        for part in (content, *numbers):
            opened.write(part)


def has_few_places(index: LandmarkIndex) -> bool:
    """Whether the keys of all places take less room than the ends of all keys."""
    return len(index.places) < N_KEYS


def read_state(file: Path, space_key: str) -> StoredState | None:
    """Read which state an index is of, without its places; None as for `read_landmarks`."""
    try:
        with open_own(file, "rb") as opened:
            return _make_state(_read_head(opened, space_key))
    except READING_ERRORS:
        return None


def read_landmarks(file: Path, space_key: str) -> StoredLandmarks | None:
    """Read or map an index; None if it is missing, damaged or of something else."""
    try:
        with open_own(file, "rb") as opened:
            head = _read_head(opened, space_key)
            size = os.fstat(opened.fileno()).st_size
            if size > MAX_CHECKED_BYTES:
                offset = opened.tell()
                mapped = mmap.mmap(opened.fileno(), size, access=mmap.ACCESS_COPY)
                return _make(head, np.frombuffer(mapped, dtype="<u4", offset=offset))
            numbers = opened.read()
            if zlib.crc32(numbers) != head["crc32"]:
                return None
            return _make(head, np.frombuffer(numbers, dtype="<u4"))
    except READING_ERRORS:
        return None


def _read_head(opened: BinaryIO, space_key: str) -> dict[str, Any]:
    """The head of a file; the numbers come next.

    Raises:
        ValueError: it is too long, or of something else.
    """
    length = int.from_bytes(opened.read(LENGTH_BYTES), "little")
    if length > MAX_HEAD_BYTES:
        raise ValueError("the head is too long")
    head: dict[str, Any] = json.loads(opened.read(length))
    if head["identity"] != [FORMAT, space_key]:
        raise ValueError("these are other landmarks")
    return head


def _make_state(head: dict[str, Any]) -> StoredState:
    ids, versions = map(str, head["video_ids"]), map(int, head["versions"])
    return StoredState(int(head["generation"]), dict(zip(ids, versions, strict=True)))


def _make(head: dict[str, Any], numbers: Words) -> StoredLandmarks | None:
    """The index of a head and the numbers behind it; None if they do not fit together."""
    video_ids, n_places = tuple(map(str, head["video_ids"])), int(head["n_places"])
    firsts = np.array(head["firsts"], dtype=np.int64)
    n_ends = n_places if head["has_keys"] else N_KEYS
    state = _make_state(head)
    is_line = len(firsts) == len(video_ids) + 1 and bool(np.all(np.diff(firsts) >= 0))
    if not is_line or len(state.versions) != len(video_ids) or len(numbers) != n_ends + n_places:
        return None
    ends, places = numbers[:n_ends], numbers[n_ends:]
    if head["has_keys"]:
        if n_places and int(ends.max()) >= N_KEYS:
            return None
        ends = np.cumsum(np.bincount(ends, minlength=N_KEYS)).astype(np.uint32)
    if len(ends) != N_KEYS or int(ends[-1]) != n_places:
        return None
    index = LandmarkIndex(video_ids, firsts, ends, places)
    return StoredLandmarks(state.generation, state.versions, index)
