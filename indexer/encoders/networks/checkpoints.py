"""Locates the weights of encoders and verifies their checksums."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from mvsearch.store.errors import MvsearchError, WeightsMissingError

# Written beside what is fetched or made: each file's sha256, so that a later check can tell damage.
CHECKSUMS = "sha256.json"


def models_folder() -> Path:
    """Where downloaded weights and exported networks lie: $MVSEARCH_MODELS, else a cache folder."""
    chosen = os.environ.get("MVSEARCH_MODELS")
    return Path(chosen).expanduser() if chosen else user_cache_path("mvsearch") / "models"


@dataclass(frozen=True, slots=True)
class DownloadedWeights:
    """A folder `MODELS/<name>/` that holds a checkpoint from the Hugging Face hub.

    Attributes:
        repository: the hub's name for it.
        files: what must be in the folder, the weights first.
    """

    name: str
    repository: str
    files: tuple[str, ...] = ("model.safetensors", "config.json", "tokenizer.json")

    @property
    def origin(self) -> str:
        """Where they come from, for people."""
        return f"Hugging Face hub {self.repository}"

    def place(self) -> Path:
        """The folder where they should be."""
        return models_folder() / self.name

    def locate(self, folder: Path | None = None) -> Path:
        """The folder where they are; `folder` where it is given.

        Raises:
            WeightsMissingError: a file is not there.
        """
        folder = folder or self.place()
        for name in self.files:
            if not (folder / name).is_file():
                raise WeightsMissingError(
                    f"{self.name} has no {name} in {folder}: run `mvsearch models fetch "
                    f"{self.name}`, or place {', '.join(self.files)} of {self.repository} "
                    "there by hand"
                )
        return folder


@dataclass(frozen=True, slots=True)
class TorchvisionWeights:
    """A file of torchvision's in `MODELS/<name>/`; its name ends in the start of its sha256.

    Attributes:
        files: the names that will do, the preferred one first.
    """

    name: str
    files: tuple[str, ...]

    @property
    def origin(self) -> str:
        """Where they come from, for people."""
        return f"torchvision {self.files[0]}"

    def place(self) -> Path:
        """The folder where they should be."""
        return models_folder() / self.name

    def locate(self, folder: Path | None = None) -> Path:
        """The file; in `folder` where it is given.

        Raises:
            WeightsMissingError: none of the files is there.
        """
        folder = folder or self.place()
        for name in self.files:
            if (folder / name).is_file():
                return folder / name
        raise WeightsMissingError(
            f"{self.name} has no {self.files[0]} in {folder}: run `mvsearch models fetch "
            f"{self.name}`, or place torchvision's {' or '.join(self.files)} there by hand"
        )


def compute_sha256(path: Path) -> str:
    """The sha256 of a file's content, in hexadecimal.

    Raises:
        WeightsMissingError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsMissingError(f"{path} cannot be read: {error.strerror}") from error


def recall_sha256(path: Path) -> str:
    """Like `compute_sha256`, but a file of the same size and time is hashed only once.

    Weights of a gigabyte take seconds to read, and a query should not wait for that.
    """
    path = path.resolve()
    stat = path.stat()
    stamp = {"path": str(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    memo = models_folder() / "digests" / f"{name}.json"
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(memo.read_text("utf-8"))
        if isinstance(known, dict) and known | stamp == known:
            return str(known["sha256"])
    digest = compute_sha256(path)
    # A folder that cannot be written costs time at the next start, nothing else.
    with contextlib.suppress(OSError):
        write_atomically(memo, json.dumps(stamp | {"sha256": digest}).encode())
    return digest


def compute_fingerprint(
    folder: Path, files: Iterable[str], digest: Callable[[Path], str] = recall_sha256
) -> str:
    """Eight hexadecimal digits that change whenever one of the files does."""
    joined = " ".join(f"{name}={digest(folder / name)}" for name in sorted(files))
    return hashlib.sha256(joined.encode()).hexdigest()[:8]


def read_settings(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        MvsearchError: the file holds none.
    """
    try:
        settings = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MvsearchError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(settings, dict):
        raise MvsearchError(f"{path} has no JSON object")
    return settings


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file in one step: readers see the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
