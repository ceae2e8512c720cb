"""The indexes on disk: files that can be deleted, damaged or stale, and nothing is lost."""

import hashlib
import io
import json
import logging
import os
import re
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from store.errors import LibraryDamagedError
from store.records import Space
from store.vectors import SpaceIndex

logger = logging.getLogger(__name__)

# Goes up when the same vectors would be written otherwise: another centre, another FAISS index.
FORMAT = 1
ENDINGS = (".faiss", ".npz", ".json")
STALE_TEMPORARY_SECONDS = 3600.0

Bytes = bytes | memoryview
Arrays = Mapping[str, npt.NDArray[Any]]


class IndexCache:
    """A folder with three files for each space.

    `NAME.faiss` has the vectors, `NAME.npz` what belongs to their rows, and `NAME.json`, written
    last, says which generation of which space they are and the SHA-256 of both. A file is read by
    Python and not by FAISS, whose own reading fails on names outside ASCII. What else is measured
    in a space is a `NAME.WHAT-GENERATION.npz`, guarded by the checksums of its own archive.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._has_warned = False

    def load(self, space: Space, generation: int) -> SpaceIndex | None:
        """Read an index; None where it is missing, stale or damaged."""
        try:
            header = json.loads(self._file(space.key, "json").read_text("utf-8"))
            if {name: header.get(name) for name in _identity(space, generation)} != _identity(
                space, generation
            ):
                return None
            vectors = np.fromfile(self._file(space.key, "faiss"), dtype=np.uint8)
            arrays = self._file(space.key, "npz").read_bytes()
            if header["sha256"] != _checksums(vectors.data, arrays):
                return None
            with np.load(io.BytesIO(arrays), allow_pickle=False) as loaded:
                return SpaceIndex.from_bytes(space, vectors, dict(loaded))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile):
            return None
        except LibraryDamagedError:
            return None

    def save(self, index: SpaceIndex, generation: int) -> None:
        """Write an index, each file as a whole; a disk that refuses is only a warning."""
        key = index.space.key
        vectors = index.to_bytes().data
        arrays = _pack(index.to_arrays())
        header = _identity(index.space, generation) | {
            "n": index.n,
            "sha256": _checksums(vectors, arrays),
        }
        self._keep(
            {
                self._file(key, "faiss"): vectors,
                self._file(key, "npz"): arrays,
                self._file(key, "json"): json.dumps(header).encode(),
            }
        )

    def load_arrays(self, space: Space, generation: int, what: str) -> Arrays | None:
        """Read what `save_arrays` wrote; None where it is missing, stale or damaged."""
        try:
            content = self._file(space.key, f"{what}-{generation}.npz").read_bytes()
            with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
                return dict(loaded)
        except (OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile):
            return None

    def save_arrays(self, space: Space, generation: int, what: str, arrays: Arrays) -> None:
        """Write what was measured in a space; a disk that refuses is only a warning.

        Args:
            space: where.
            generation: of the vectors that it was measured on.
            what: letters and digits; another word when it is measured otherwise.
            arrays: without Python objects.
        """
        self._keep({self._file(space.key, f"{what}-{generation}.npz"): _pack(arrays)})

    def _keep(self, contents: Mapping[Path, Bytes]) -> None:
        """Write files in this order."""
        try:
            self.folder.mkdir(exist_ok=True)
            self._sweep()
            for file, content in contents.items():
                self._write(file, content)
        except OSError as error:
            if not self._has_warned:
                logger.warning(
                    "The search index cannot be kept in %s (%s), so each run builds it anew",
                    self.folder,
                    error.strerror,
                )
            self._has_warned = True

    def drop_stale(self, generations: Mapping[str, int]) -> None:
        """Delete the files of every index that is not of these generations.

        What left the library is then in no file of it.
        """
        current = {_file_stem(key): (key, number) for key, number in generations.items()}
        self._sweep()
        for file in self.folder.glob("*.*"):
            stem, _, ending = file.name.partition(".")
            if file.suffix not in ENDINGS:
                continue
            if ending.count("."):
                is_current = stem in current and ending.endswith(f"-{current[stem][1]}.npz")
            else:
                is_current = self._read_label(stem) == current.get(stem, "unknown")
            if not is_current:
                self._delete(file)

    def _read_label(self, stem: str) -> tuple[str, int] | None:
        """Which generation of which space the files of this name are."""
        try:
            header = json.loads((self.folder / f"{stem}.json").read_text("utf-8"))
            return header["space"], header["generation"]
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def _file(self, key: str, ending: str) -> Path:
        """A file of a space."""
        return self.folder / f"{_file_stem(key)}.{ending}"

    def _write(self, target: Path, content: Bytes) -> None:
        """Write a file so that nobody ever sees a part of it."""
        temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            self._delete(temporary)
            raise

    def _sweep(self) -> None:
        """Delete what processes that were killed left behind."""
        for temporary in self.folder.glob("*.tmp"):
            try:
                age_seconds = time.time() - temporary.stat().st_mtime
            except OSError:
                continue
            if age_seconds > STALE_TEMPORARY_SECONDS:
                self._delete(temporary)

    def _delete(self, file: Path) -> None:
        """Delete a file if it is there and may be deleted."""
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            logger.debug("%s stays: %s", file, error.strerror)


def _file_stem(key: str) -> str:
    """A file name for a space; its key may hold characters that a file name may not."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "_", key)[:60]
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _pack(arrays: Arrays) -> bytes:
    """Arrays as one file."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _identity(space: Space, generation: int) -> dict[str, Any]:
    """What must stand in a header for its files to be used."""
    return {"format": FORMAT, "space": space.key, "dim": space.dim, "generation": generation}


def _checksums(vectors: Bytes, arrays: Bytes) -> dict[str, str]:
    """What must stand in a header for its files to be whole."""
    return {
        "faiss": hashlib.sha256(vectors).hexdigest(),
        "npz": hashlib.sha256(arrays).hexdigest(),
    }
