"""The files of one space's index, and the head file that records their state."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.own_files import has_other_names, read_own, write_own
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.approximate.inverted_lists import InvertedLists
from mvsearch.store.vectors.exact.row_file import Sums, is_large, is_whole, map_rows
from mvsearch.store.vectors.exact.row_index import TIMES_BYTES, RowIndex
from mvsearch.store.vectors.exact.row_table import RowTable

# Goes up when the same vectors would be written otherwise.
FORMAT = 2
DIGEST_BYTES = 32
# Rows and their codes apart; 250 million rows could be listed in it.
MAX_PACKED_BYTES = 1 << 30
# Equal to no generation: what left the library is erased, and what came is not there yet.
NO_STATE = -1
NO_SUMS: Sums = np.zeros(0, dtype=np.uint32)
READING_ERRORS = (
    OSError, EOFError, ValueError, LookupError, TypeError, NotImplementedError, MemoryError,
    LibraryDamagedError, zipfile.BadZipFile,
)  # fmt: skip

Arrays = Mapping[str, npt.NDArray[Any]]
# Endings of the code files of older versions.
OLD_CODES = (".leading", ".following")


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The content of the head file, which describes the row files of a space.

    Attributes:
        generation: of the space in the catalogue; `NO_STATE` if videos are missing.
        epoch: generation at which the row files were last rewritten; part of their names.
        n_centred: number of videos from which the centre was computed.
        centre: (dim,) float32.
        table: the videos of the rows; rows behind these were left by a killed writer.
        vector_sums, time_sums: checksums of both files; see `row_file.renew_sums`.
    """

    generation: int
    epoch: int
    n_centred: int
    centre: Matrix
    table: RowTable
    vector_sums: Sums
    time_sums: Sums


class SpaceFiles:
    """The files of a space in a folder.

    `NAME.EPOCH.f16` has the centred vectors as rows, `NAME.EPOCH.times` their start and end times,
    and `NAME.head`, written last, the videos of the rows. Measurements of a space are in
    `NAME.WHAT-EPOCH.npz`. A large space also has inverted lists: `NAME.EPOCH-ROWS.codes` and
    `NAME.EPOCH.lists`.
    """

    def __init__(self, folder: Path, space: Space) -> None:
        self.folder = folder
        self.space = space
        self.stem = name_files(space.key)
        self.head = folder / f"{self.stem}.head"
        self.vector_bytes = 2 * space.dim

    def vectors(self, epoch: int) -> Path:
        """The file of the vectors."""
        return self.folder / f"{self.stem}.{epoch}.f16"

    def times(self, epoch: int) -> Path:
        """The file of the times."""
        return self.folder / f"{self.stem}.{epoch}.times"

    def measured(self, epoch: int, what: str) -> Path:
        """The file of a measurement."""
        return self.folder / f"{self.stem}.{what}-{epoch}.npz"

    def lists(self, epoch: int) -> Path:
        """The file that describes the codes; see `inverted_list_files`."""
        return self.folder / f"{self.stem}.{epoch}.lists"

    def codes(self, epoch: int, n_rows: int) -> Path:
        """The file of the codes of the first `n_rows` rows."""
        return self.folder / f"{self.stem}.{epoch}-{n_rows}.codes"

    def read_head(self) -> Head | None:
        """Read the head; None if it is missing, damaged, or of another space or format."""
        try:
            arrays = read_arrays(self.head)
            metadata = json.loads(arrays["told"].tobytes())
            if metadata["identity"] != self._identity():
                return None
            return Head(
                metadata["generation"],
                metadata["epoch"],
                metadata["n_centred"],
                arrays["centre"],
                RowTable.from_arrays(arrays),
                arrays["vector_sums"],
                arrays["time_sums"],
            )
        except READING_ERRORS:
            return None

    def write_head(self, head: Head) -> None:
        """Replace the head."""
        metadata = {
            "identity": self._identity(),
            "generation": head.generation,
            "epoch": head.epoch,
            "n_centred": head.n_centred,
        }
        arrays = head.table.to_arrays() | {
            "told": np.frombuffer(json.dumps(metadata).encode(), dtype=np.uint8),
            "centre": head.centre,
            "vector_sums": head.vector_sums,
            "time_sums": head.time_sums,
        }
        write_own(self.head, pack_arrays(arrays))

    def open(self, head: Head, lists: InvertedLists | None = None) -> RowIndex | None:
        """Open the index of a head, with these inverted lists; None if it is damaged."""
        try:
            n_rows = head.table.n_rows
            vectors = map_rows(self.vectors(head.epoch), n_rows, self.vector_bytes)
            times = map_rows(self.times(head.epoch), n_rows, TIMES_BYTES)
            if not is_whole(vectors, self.vector_bytes, head.vector_sums):
                return None
            if not is_whole(times, TIMES_BYTES, head.time_sums):
                return None
            return RowIndex(
                self.space,
                head.generation,
                head.epoch,
                head.table,
                head.centre,
                vectors,
                times,
                is_mapped=is_large(n_rows, self.vector_bytes),
                lists=lists,
            )
        except READING_ERRORS:
            return None

    def has_other_names(self, head: Head) -> bool:
        """Whether the row files have other hard links, such as backups, that would change."""
        codes = self.folder.glob(f"{self.stem}.{head.epoch}-*")
        return any(map(has_other_names, [self.vectors(head.epoch), self.times(head.epoch), *codes]))

    def is_current(self, file: Path, head: Head | None) -> bool:
        """Whether a file of this space belongs to a head."""
        if head is None or file.suffix in OLD_CODES:
            return False
        if file == self.head or file.name.endswith(f"-{head.epoch}.npz"):
            return True
        return file.name.startswith((f"{self.stem}.{head.epoch}.", f"{self.stem}.{head.epoch}-"))

    def _identity(self) -> list[Any]:
        """The part of a head that must match for its files to be used."""
        return [FORMAT, self.space.key, self.space.dim]


def name_files(key: str) -> str:
    """The stem of the file names of a space, without characters that file names cannot hold."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "_", key)[:60]
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def pack_arrays(arrays: Arrays) -> bytes:
    """Convert arrays to the content of a file: a SHA-256 checksum and an NPZ archive."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    content = buffer.getvalue()
    return hashlib.sha256(content).digest() + content


def read_arrays(file: Path) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of a file that `pack_arrays` made.

    Raises:
        OSError: it cannot be read, or is not a plain file.
        LibraryDamagedError: the content was changed.
    """
    return unpack_arrays(read_own(file, MAX_PACKED_BYTES))


def unpack_arrays(packed: bytes) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of `pack_arrays`.

    Raises:
        LibraryDamagedError: the content was changed.
    """
    digest, content = packed[:DIGEST_BYTES], packed[DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        raise LibraryDamagedError("a file of the index has changed since it was written")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise LibraryDamagedError("a file of the index is compressed")
    with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
        return dict(loaded)
