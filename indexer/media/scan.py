"""Lists the media files of a folder and computes a content id for each."""

import os
import stat
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from mvsearch.indexer.media.containers import HEAD_BYTES, has_media_ending, is_media_head
from mvsearch.indexer.media.unfinished import is_download_name
from mvsearch.store.errors import MediaError, MvsearchError
from mvsearch.store.records import Failure

MIB = 2**20
WHOLE_LIMIT_BYTES = 4 * MIB
EDGE_BYTES = MIB
N_BLOCKS = 16
BLOCK_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How a folder is searched.

    Attributes:
        recursive: whether folders below it count.
        hidden: whether files and folders count whose name starts with a dot.
    """

    recursive: bool = True
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A candidate; the path is absolute and may hold surrogates where it is not UTF-8."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What a folder holds, in the order of the bytes of the paths.

    Attributes:
        unfinished: media whose names say that they are still being written.
    """

    files: tuple[ScannedFile, ...]
    failures: tuple[Failure, ...]
    unfinished: tuple[Path, ...] = ()


def scan_folder(folder: Path, options: ScanOptions = ScanOptions()) -> Scan:
    """Find the media files in a folder.

    A file is a candidate when its ending is a media file's, so that a broken one is reported and
    not passed over, or when its content begins like a container. Links are followed once: a file
    or folder that is reached twice counts once, by its real place where that is in the folder.
    Pipes, sockets and devices are never opened.

    Raises:
        MvsearchError: the folder is not there or is no folder.
    """
    root = folder.absolute()
    try:
        is_folder = root.is_dir()
    except OSError as error:
        raise MvsearchError(f"{root}: {_say_why(error)}") from None
    if not is_folder:
        raise MvsearchError(f"{root} is not a folder")
    walk = _Walk(options)
    walk.visit(root)
    files = walk.choose_files()
    unfinished = [file.path for file in files if walk.is_unfinished(file.path)]
    return Scan(
        tuple(file for file in files if file.path not in unfinished),
        tuple(sorted(walk.failures, key=_path_order)),
        tuple(unfinished),
    )


def content_id(path: Path) -> str:
    """Name a file by its content: 40 hexadecimal digits, BLAKE2b of the size and the bytes.

    Up to 4 MiB all bytes count. Of a larger file 3 MiB do: the first and last MiB, where containers
    keep indexes and tags, and 16 blocks of 64 KiB spread evenly between. Two files of one size that
    differ anywhere in these never share an id (odds of 2^-160). They would if they differed only in
    the rest: no gap is longer than a 17th of the file, so damage beyond that is always seen, and n
    differing bytes at random places slip through with odds of (1 - 3 MiB / size)^n: for a file of
    100 MiB, 0.05 for 100 bytes and 10^-13 for 1,000.

    Raises:
        MediaError: "unreadable".
    """
    digest = blake2b(digest_size=20, person=b"mvsearch-1")
    try:
        with open(path, "rb", buffering=0, opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise MediaError("unreadable", "it is not a regular file")
            digest.update(status.st_size.to_bytes(8, "little"))
            for start, length in _sampled_spans(status.st_size):
                _digest_span(file, start, length, digest)
    except OSError as error:
        raise MediaError("unreadable", _say_why(error)) from None
    return digest.hexdigest()


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: a pipe that has taken the file's place would never answer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _sampled_spans(size: int) -> list[tuple[int, int]]:
    """The (start, length) spans of a file of that size that its id is made of."""
    if size <= WHOLE_LIMIT_BYTES:
        return [(0, size)]
    inner = size - 2 * EDGE_BYTES
    gap = (inner - N_BLOCKS * BLOCK_BYTES) // (N_BLOCKS + 1)
    blocks = [
        (EDGE_BYTES + gap + number * (gap + BLOCK_BYTES), BLOCK_BYTES) for number in range(N_BLOCKS)
    ]
    return [(0, EDGE_BYTES), *blocks, (size - EDGE_BYTES, EDGE_BYTES)]


def _digest_span(file: BinaryIO, start: int, length: int, digest: blake2b) -> None:
    """Add a span to the digest, less where the file ends early."""
    file.seek(start)
    while length > 0:
        chunk = file.read(min(length, MIB))
        if not chunk:
            return
        digest.update(chunk)
        length -= len(chunk)


def _say_why(error: OSError) -> str:
    """The operating system's reason without the path."""
    if isinstance(error, PermissionError):
        return "there is no permission to read it"
    if isinstance(error, FileNotFoundError):
        return "it is no longer there, or a link that leads nowhere"
    return f"it cannot be read: {(error.strerror or 'unknown reason').lower()}"


def _path_order(item: "Failure | ScannedFile") -> bytes:
    """Sort by the bytes on disk: the same everywhere, whatever the language settings."""
    return os.fsencode(item.path)


class _Walk:
    """One pass over a folder: real folders first, then those that are only reached by links."""

    def __init__(self, options: ScanOptions) -> None:
        self.options = options
        self.failures: list[Failure] = []
        self._folders_seen: set[tuple[int, int]] = set()
        self._files: list[tuple[bool, ScannedFile, tuple[int, int]]] = []
        self._records: set[Path] = set()

    def visit(self, root: Path) -> None:
        """Collect every file below the root."""
        waiting, linked = [root], list[Path]()
        while waiting or linked:
            is_linked = not waiting
            folder = linked.pop() if is_linked else waiting.pop()
            if not self._enter(folder):
                continue
            for entry in self._list(folder):
                self._sort_entry(entry, waiting, linked)
            linked.sort(key=os.fsencode, reverse=True)

    def choose_files(self) -> list[ScannedFile]:
        """The candidates, each content once: its real path before a link to it."""
        chosen: list[ScannedFile] = []
        files_seen: set[tuple[int, int]] = set()
        for _, file, identity in sorted(self._files, key=lambda row: (row[0], _path_order(row[1]))):
            if identity not in files_seen and self._is_candidate(file.path):
                files_seen.add(identity)
                chosen.append(file)
        return sorted(chosen, key=_path_order)

    def is_unfinished(self, path: Path) -> bool:
        """Whether a name, or aria2's record beside a file of full size, says it is not whole."""
        return is_download_name(path) or path.with_name(f"{path.name}.aria2") in self._records

    def _enter(self, folder: Path) -> bool:
        """Whether the folder is new; one that is reached again, as by a loop of links, is not."""
        try:
            status = folder.stat()
        except OSError as error:
            self._fail(folder, error)
            return False
        identity = (status.st_dev, status.st_ino)
        is_new = identity not in self._folders_seen
        self._folders_seen.add(identity)
        return is_new

    def _list(self, folder: Path) -> list[os.DirEntry[str]]:
        """The entries of a folder; none, and a failure, where it cannot be read."""
        try:
            with os.scandir(folder) as entries:
                return [
                    entry
                    for entry in entries
                    if self.options.hidden or not entry.name.startswith(".")
                ]
        except OSError as error:
            self._fail(folder, error)
            return []

    def _sort_entry(self, entry: os.DirEntry[str], waiting: list[Path], linked: list[Path]) -> None:
        """Put an entry among the folders to visit or the files found."""
        path = Path(entry.path)
        try:
            is_link = entry.is_symlink()
            status = entry.stat()
        except OSError as error:
            if has_media_ending(path):
                self._fail(path, error)
            return
        if stat.S_ISDIR(status.st_mode):
            if self.options.recursive:
                (linked if is_link else waiting).append(path)
        elif stat.S_ISREG(status.st_mode):
            if path.suffix == ".aria2":
                self._records.add(path)
            file = ScannedFile(path, status.st_size, status.st_mtime_ns)
            self._files.append((is_link, file, (status.st_dev, status.st_ino)))

    def _is_candidate(self, path: Path) -> bool:
        """Whether the ending or, failing that, the content is a media file's."""
        if has_media_ending(path):
            return True
        if is_download_name(path) and has_media_ending(path.with_suffix("")):
            return True
        try:
            with open(path, "rb", buffering=0, opener=_open_at_once) as file:
                return is_media_head(file.read(HEAD_BYTES))
        except OSError:
            return False

    def _fail(self, path: Path, error: OSError) -> None:
        """Remember what could not be read."""
        self.failures.append(Failure(path, "scan", "unreadable", _say_why(error)))
