"""Sends the files of one video to a worker in pieces, for nodes that do not share a folder."""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from operator import is_
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from mvsearch.indexer.lyrics.files.sidecar import find_sidecars
from mvsearch.indexer.lyrics.files.text_encoding import MAX_TEXT_BYTES
from mvsearch.indexer.metadata.beside import find_side_cars, list_folder
from mvsearch.indexer.metadata.info_json import MAX_BYTES as MAX_INFO_BYTES
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.store.errors import MvsearchError

# Of each worker at most one piece is on its way, so this bounds the object store.
PIECE_BYTES = 16 * 2**20
# What an upload leaves free on a node's disk.
SPARE_BYTES = 2**30
PREFIX = "mvsearch-upload-"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file.

    Attributes:
        path: of the file.
        offset: in bytes.
        content: the bytes.
        mtime_ns: of the file, with its last piece; None with the others.
        size: of a file whose content does not count, in bytes.
    """

    path: Path
    offset: int
    content: bytes
    mtime_ns: int | None = None
    size: int = 0


def cut_pieces(found: Found, piece_bytes: int = PIECE_BYTES) -> Iterator[Piece]:
    """Cut the file of a video, and what beside it tells of it, into pieces, one at a time.

    Pictures beside a video count by their names, so they are sent empty, as are other media. What a
    run does not read, such as a link or a text that is too large, is sent as zeros that take no
    room.

    Raises:
        OSError: a file cannot be read.
    """
    yield from _cut(found.file.path, piece_bytes)
    for path, (state, is_read) in dict(_list_beside(found)).items():
        if is_read:
            yield from _cut(path, piece_bytes)
        else:
            yield Piece(path, 0, b"", state.st_mtime_ns, state.st_size)
    for path in dict.fromkeys(_list_named(found)):
        yield Piece(path, 0, b"", 0)


def _cut(path: Path, piece_bytes: int) -> Iterator[Piece]:
    with path.open("rb") as file:
        state, offset = os.fstat(file.fileno()), 0
        while True:
            content = file.read(piece_bytes)
            is_last = offset + len(content) >= state.st_size or not content
            yield Piece(path, offset, content, state.st_mtime_ns if is_last else None)
            offset += len(content)
            if is_last:
                return


def _list_beside(found: Found) -> Iterator[tuple[Path, tuple[os.stat_result, bool]]]:
    """The files beside a video that tell of it, and whether their content counts."""
    for place in found.places:
        for lyrics in find_sidecars(place):
            yield from _look_at(lyrics.path, Path.stat, MAX_TEXT_BYTES)
        for text in find_side_cars(place).texts:  # of which no run follows links
            yield from _look_at(text, Path.lstat, MAX_INFO_BYTES)


def _look_at(
    path: Path, look: Callable[[Path], os.stat_result], max_bytes: int
) -> Iterator[tuple[Path, tuple[os.stat_result, bool]]]:
    with suppress(OSError):
        state = look(path)
        is_plain = stat.S_ISREG(state.st_mode) and os.access(path, os.R_OK)
        yield path, (state, is_plain and state.st_size <= max_bytes)


def _list_named(found: Found) -> Iterator[Path]:
    """The files beside a video whose names alone count."""
    for place in found.places:
        listing = list_folder(place.parent)
        for name in (find_side_cars(place).artwork, listing.picture):
            if name is not None:
                yield place.with_name(name)
        if place != found.file.path:
            yield place
        if listing.n_media > 1:
            yield place.with_name("another.mp4" if place.name != "another.mp4" else "one more.mp4")


class Inbox:
    """A temporary folder of a worker in which uploaded files lie under their whole paths.

    A context manager that deletes them. What a killed worker left is deleted by the next one.
    """

    def __init__(self) -> None:
        _clear_left()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))

    def write(self, piece: Piece) -> None:
        """Write a piece.

        Raises:
            MvsearchError: the disk has no room for it, or its path leads out of the folder.
        """
        path = self._find(piece.path)
        if shutil.disk_usage(self.folder).free < SPARE_BYTES + len(piece.content):
            raise MvsearchError(f"the disk of {tempfile.gettempdir()} is full")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("r+b" if piece.offset else "wb") as file:
            file.seek(piece.offset)
            file.write(piece.content)
            if piece.size:
                file.truncate(piece.size)
        if piece.mtime_ns is not None:
            os.utime(path, ns=(piece.mtime_ns, piece.mtime_ns))

    def place(self, found: Found) -> Found:
        """A file of a run as it lies here."""
        file = replace(found.file, path=self._find(found.file.path))
        others = tuple(self._find(path) for path in found.others)
        folder = None if found.folder is None else self._find(found.folder)
        return replace(found, file=file, others=others, folder=folder)

    def _find(self, path: Path) -> Path:
        if ".." in path.parts:  # of a library from strangers, perhaps
            raise MvsearchError(f"{path} cannot be uploaded: its path has '..'")
        return self.folder / path.relative_to(path.anchor)

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _clear_left() -> None:
    """Delete the folders of workers that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        found = re.fullmatch(rf"{PREFIX}(\d+)-.*", folder.name)
        if found is not None and not _is_running(int(found[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # of another user
        return True
    return True


def relocate(value: Value, old: Path, new: Path) -> Value:
    """A value in which all paths and texts below one folder name another one in its place.

    Args:
        value: of dataclasses, tuples, paths and texts; arrays and numbers stay as they are.
        old: absolute.
        new: absolute.
    """
    made: Value = _relocate(value, os.fspath(old), os.fspath(new).rstrip("/"))
    return made


def _relocate(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, Path):
        text = os.fspath(value)
        return Path(text.replace(old, new, 1)) if old in text else value
    if isinstance(value, tuple):
        made = tuple(_relocate(one, old, new) for one in value)
        return value if all(map(is_, made, value)) else made
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((one.name, getattr(value, one.name)) for one in fields(value))
        moved = {name: _relocate(before, old, new) for name, before in pairs}
        changes = {name: one for name, one in moved.items() if one is not getattr(value, name)}
        return replace(value, **changes) if changes else value
    return value
