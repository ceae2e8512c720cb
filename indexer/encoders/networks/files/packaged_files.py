"""Files of installed distributions, found by their records and read as data."""

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import IO

from mvsearch.indexer.encoders.networks.files.checkpoints import compute_sha256
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.own_files import open_own

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file of a distribution, used as it lies.

    Attributes:
        package: the distribution and its version as pip takes them, such as "name==1.0.0".
        path: of the file, as the distribution's record has it, with slashes.
        n_bytes: its size; a file of another size is not read.
        sha256: of its content, in hexadecimal.
    """

    package: str
    path: str
    n_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name

    @property
    def parts(self) -> tuple["PackagedFile", ...]:
        """The files of distributions that it is made of: itself."""
        return (self,)

    def locate(self) -> Path:
        """The file where it lies; it is not read.

        Raises:
            WeightsMissingError: it is not there, has another size, is a link, or lies behind one
                that leads out of the folder in which packages are installed.
        """
        try:
            found = distribution(self.package.partition("==")[0])
        except PackageNotFoundError as error:
            raise WeightsMissingError(f"{self.package} is not installed") from error
        listed = {str(file) for file in found.files or ()}
        path, root = Path(str(found.locate_file(self.path))), Path(str(found.locate_file("")))
        if path.is_symlink() or not path.resolve().is_relative_to(root.resolve()):
            raise WeightsMissingError(f"{path} is a link, which is not followed")
        if self.path not in listed or not path.is_file():
            raise WeightsMissingError(f"{path} is missing")
        if path.stat().st_size != self.n_bytes:
            raise WeightsMissingError(f"{path} is damaged (it has not {self.n_bytes} bytes)")
        return path

    def verify(self) -> None:
        """Read the file and compare it with its checksum.

        Raises:
            WeightsMissingError: it is not there, or not the one that is meant.
        """
        path = self.locate()
        if compute_sha256(path) != self.sha256:
            raise WeightsMissingError(describe_damage(path, self.sha256))


@dataclass(frozen=True, slots=True)
class JoinedFile:
    """A file that lies in several parts, one after the other.

    Attributes:
        name: of the whole.
        parts: in their order.
        sha256: of the whole.
    """

    name: str
    parts: tuple[PackagedFile, ...]
    sha256: str

    @property
    def n_bytes(self) -> int:
        """The size of the whole."""
        return sum(part.n_bytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class ZippedFile:
    """A member of a zip archive.

    Attributes:
        archive: the file that holds it.
        member: its name in the archive.
        n_bytes: its size once unpacked; no more is ever unpacked.
        sha256: of its unpacked content.
    """

    archive: PackagedFile
    member: str
    n_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """The member's name without folders."""
        return PurePosixPath(self.member).name

    @property
    def parts(self) -> tuple[PackagedFile, ...]:
        """The files of distributions that it is made of: the archive."""
        return (self.archive,)


Content = PackagedFile | JoinedFile | ZippedFile


def describe_damage(path: Path, sha256: str) -> str:
    """What is wrong with a file that should have this sha256."""
    return f"{path} is damaged (its sha256 is not {sha256[:8]}…)"


def read_chunks(content: Content) -> Iterator[bytes]:
    """The bytes of a file, at most as many as it should have.

    Raises:
        WeightsMissingError: an archive has no such member.
    """
    if isinstance(content, ZippedFile):
        with ExitStack() as stack:
            opened = stack.enter_context(open_own(content.archive.locate(), "rb"))
            try:
                archive = stack.enter_context(zipfile.ZipFile(opened))
                member = stack.enter_context(archive.open(content.member))
            except (KeyError, zipfile.BadZipFile) as error:
                raise WeightsMissingError(f"{content.archive.path}: {error}") from error
            yield from _read_at_most(member, content.n_bytes)
        return
    for part in content.parts:
        with open_own(part.locate(), "rb") as file:
            yield from _read_at_most(file, part.n_bytes)


def _read_at_most(file: IO[bytes], n_bytes: int) -> Iterator[bytes]:
    while chunk := file.read(min(n_bytes, _CHUNK_BYTES)):
        n_bytes -= len(chunk)
        yield chunk
