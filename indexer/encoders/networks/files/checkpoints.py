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

# Written beside downloaded and exported files: the sha256 of each, so that damage can be detected.
CHECKSUMS = "sha256.json"


def models_folder() -> Path:
    """Return the folder of weights and exports: $MVSEARCH_MODELS, else below the user's cache."""
    chosen = os.environ.get("MVSEARCH_MODELS")
    return Path(chosen).expanduser() if chosen else user_cache_path("mvsearch") / "models"


@dataclass(frozen=True, slots=True)
class DownloadedWeights:
    """A checkpoint of the Hugging Face hub, in the folder `<name>/` of `models_folder()`.

    Attributes:
        repository: its name on the hub, `owner/name`.
        files: the required files, the weights first.
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
        """Return the folder, which is `folder` if given, after checking that no file is missing.

        Raises:
            WeightsMissingError: a file is missing.
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
    """A weights file of torchvision, in the folder `<name>/` of `models_folder()`.

    Attributes:
        files: accepted file names, the preferred one first. A name ends with the first digits of
            the file's sha256.
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
        """Return the path of the first accepted file, in `folder` if given.

        Raises:
            WeightsMissingError: there is none.
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
    """Compute the sha256 of a file's content, in hexadecimal.

    Raises:
        WeightsMissingError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsMissingError(f"{path} cannot be read: {error.strerror}") from error


def recall_sha256(path: Path) -> str:
    """Return the sha256 of a file, from a cache if its size and modification time are unchanged.

    Hashing a gigabyte takes seconds, too long for a query.

    Raises:
        WeightsMissingError: the file cannot be read.
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
    # If the cache cannot be written, the file is hashed again at the next start.
    with contextlib.suppress(OSError):
        write_atomically(memo, json.dumps(stamp | {"sha256": digest}).encode())
    return digest


def compute_fingerprint(
    folder: Path, files: Iterable[str], digest: Callable[[Path], str] = recall_sha256
) -> str:
    """Compute eight hexadecimal digits that identify the content of files in a folder.

    Raises:
        WeightsMissingError: a file cannot be read.
    """
    joined = " ".join(f"{name}={digest(folder / name)}" for name in sorted(files))
    return hashlib.sha256(joined.encode()).hexdigest()[:8]


def read_settings(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file.

    Raises:
        MvsearchError: the file cannot be read or holds something else.
    """
    try:
        settings = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MvsearchError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(settings, dict):
        raise MvsearchError(f"{path} has no JSON object")
    return settings


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically: readers see the old content or the new one, never a part."""
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
