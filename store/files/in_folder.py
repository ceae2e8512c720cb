"""Keeps the files of a library in its folder."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mvsearch.store.errors import LibraryBusyError
from mvsearch.store.files.kept import FOLDERS, WAIT_SECONDS, check_name, find_limit
from mvsearch.store.own_files import check_folder, read_own, write_own


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files in the folder of a library; see `LibraryFiles`. Links are refused, not followed.

    Attributes:
        folder: of the library.
    """

    folder: Path

    def describe(self, name: str) -> str:
        """The path."""
        return str(self._find(name))

    def find_mark(self, name: str) -> Hashable:
        """What the file system says of the file."""
        state = self._find(name).lstat()
        return (state.st_ino, state.st_mtime_ns, state.st_size)

    def read(self, name: str) -> bytes:
        """The content."""
        return read_own(self._find(name), check_name(name))

    def write(self, name: str, content: bytes) -> None:
        """Write a file, and its folder if there is none."""
        path = self._find(name)
        if path.parent != self.folder:
            path.parent.mkdir(exist_ok=True)
        write_own(path, content)

    def drop(self, name: str) -> None:
        """Delete a file; it may be gone already."""
        self._find(name).unlink(missing_ok=True)

    def list_files(self, folder: str = "") -> dict[str, float]:
        """The files of a folder that have the name of one."""
        if folder not in FOLDERS:
            raise ValueError(f"{folder!r} is no folder of a library")
        place = self.folder / folder
        check_folder(place)
        if not place.exists():
            return {}
        found = {}
        for file in place.iterdir():
            name = str(PurePosixPath(folder, file.name))
            if find_limit(name) is not None:
                found[name] = file.lstat().st_mtime
        return dict(sorted(found.items()))

    @contextmanager
    def locking(self, name: str) -> Iterator[None]:
        """Hold the lock of the operating system on a file beside it."""
        from filelock import FileLock, Timeout

        path = self._find(name)
        try:
            with FileLock(path.with_suffix(".lock")).acquire(timeout=WAIT_SECONDS):
                yield
        except Timeout:
            raise LibraryBusyError(f"{path} is being written by another process") from None

    def _find(self, name: str) -> Path:
        check_name(name)
        path = self.folder.joinpath(*name.split("/"))
        if path.parent != self.folder:
            check_folder(path.parent)
        return path
