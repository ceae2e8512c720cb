"""Lists the media files of folders, and single files."""

import logging
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mvsearch.indexer.media.files.containers import (
    HEAD_BYTES,
    has_media_ending,
    has_media_signature,
    may_lead_to_media,
)
from mvsearch.indexer.media.files.content import explain_error, open_at_once
from mvsearch.indexer.media.files.ignore import IGNORE_NAME, IgnoreRules, is_ignored, read_rules
from mvsearch.indexer.media.files.unfinished import is_download_name
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Failure

logger = logging.getLogger(__name__)

# A folder to visit, and the ignore rules above it.
_Waiting = tuple[Path, IgnoreRules | None]


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How folders are searched.

    Attributes:
        recursive: whether subfolders are included.
        honours_ignore: whether `.mvsearchignore` files apply.
    """

    recursive: bool = True
    honours_ignore: bool = True


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A media file; its path is absolute, with surrogates for bytes that are not UTF-8."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """The media files of some folders and files, sorted by the bytes of their paths.

    Attributes:
        files: the media files.
        failures: folders and files that could not be read.
        unfinished: media files with the name of an unfinished download.
        folders: the scanned folders, without those that lie in another or are links to it.
        named: those of `files` that were named themselves.
        ignored: media files and folders that `.mvsearchignore` excludes; they were not read.
    """

    files: tuple[ScannedFile, ...]
    failures: tuple[Failure, ...]
    unfinished: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    named: frozenset[Path] = frozenset()
    ignored: frozenset[Path] = frozenset()


def scan_places(places: Sequence[Path], options: ScanOptions = ScanOptions()) -> Scan:
    """Find the media files of folders, and among files that are named themselves.

    A file is a media file by its suffix, so that damaged ones are reported, or by its signature.
    Links are followed. A file or folder that is reached several times counts once, by its real path
    if that lies in a folder. Pipes, sockets and devices are never opened. `.mvsearchignore` files
    apply below their folder, but not to the given paths themselves.

    Args:
        places: folders and files.
        options: of the scan.

    Raises:
        MvsearchError: a path does not exist, cannot be read, or is neither a folder nor a media
            file.
    """
    walk = _Walk(options)
    walk.visit(walk.take_places(places))
    files = walk.choose_files()
    unfinished = dict.fromkeys(file.path for file in files if walk.is_unfinished(file.path))
    return Scan(
        tuple(file for file in files if file.path not in unfinished),
        tuple(sorted(walk.failures, key=_path_order)),
        tuple(unfinished),
        tuple(walk.roots),
        frozenset(walk.named),
        frozenset(walk.ignored.difference(walk.named, walk.roots)),
    )


def check_places(places: Sequence[Path]) -> None:
    """Check that folders and files can be scanned.

    Raises:
        MvsearchError: as `scan_places`.
    """
    _Walk(ScanOptions()).take_places(places)


def _is_folder(place: Path) -> bool:
    """Return whether a path is a folder; MvsearchError unless it is a folder or a file."""
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        raise MvsearchError(
            f"{place} does not exist; if it was indexed, index its new path, if it has one, and"
            " then: mvsearch remove --missing"
        ) from None
    except OSError as error:
        raise MvsearchError(f"{place}: {explain_error(error)}") from None
    except ValueError:
        raise MvsearchError(f"{str(place)!r} is no path") from None
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise MvsearchError(f"{place} is neither a folder nor a readable file")
    return stat.S_ISDIR(mode)


def _path_order(item: "Failure | ScannedFile") -> bytes:
    """Return the bytes of a path, a sort key that does not depend on the locale."""
    return os.fsencode(item.path)


class _Walk:
    """One pass over folders: real folders first, then those reached by links only."""

    def __init__(self, options: ScanOptions) -> None:
        self.options = options
        self.failures: list[Failure] = []
        self.roots: list[Path] = []
        self.named: set[Path] = set()
        self.ignored: set[Path] = set()
        self._folders_seen: set[tuple[int, int]] = set()
        self._files: list[tuple[bool, ScannedFile, tuple[int, int]]] = []
        self._named: set[tuple[int, int]] = set()
        self._records: set[Path] = set()

    def take_places(self, places: Sequence[Path]) -> list[Path]:
        """Add the files that are named themselves; return the folders.

        Raises:
            MvsearchError: a place is neither a folder nor a media file.
        """
        folders: list[Path] = []
        for path in [place.absolute() for place in places]:
            if _is_folder(path):
                folders.append(path)
            elif self._is_candidate(path):
                self._take_file(path)
            else:
                raise MvsearchError(f"{path} is neither a video nor a sound file")
        return folders

    def visit(self, roots: Sequence[Path]) -> None:
        """Collect the files below the roots; nested roots are visited once.

        A root that is hidden or ignored in another root is visited too.
        """
        linked: list[_Waiting] = []
        # Parents first, and real folders before links to them.
        for root in sorted(roots, key=lambda root: (root.resolve() != root, len(root.parts))):
            n_before = len(self._folders_seen)
            self._go_through([(root, None)], linked)
            if len(self._folders_seen) > n_before:
                self.roots.append(root)
        while linked:
            linked.sort(key=lambda waiting: os.fsencode(waiting[0]), reverse=True)
            self._go_through([linked.pop()], linked)

    def choose_files(self) -> list[ScannedFile]:
        """Return the media files, each once: its real path is preferred to links."""
        chosen: list[ScannedFile] = []
        files_seen: set[tuple[int, int]] = set()
        for _, file, identity in sorted(self._files, key=lambda row: (row[0], _path_order(row[1]))):
            if identity not in files_seen and self._is_candidate(file.path):
                files_seen.add(identity)
                chosen.append(file)
                if identity in self._named:
                    self.named.add(file.path)
        return sorted(chosen, key=_path_order)

    def is_unfinished(self, path: Path) -> bool:
        """Return whether a file is an unfinished download, by its name or aria2's control file."""
        return is_download_name(path) or path.with_name(f"{path.name}.aria2") in self._records

    def _take_file(self, path: Path) -> None:
        """Add a file that is named itself."""
        status = path.stat()
        self._named.add((status.st_dev, status.st_ino))
        record = path.with_name(f"{path.name}.aria2")
        if record.exists():
            self._records.add(record)
        self._keep(path, status, path.is_symlink())

    def _go_through(self, waiting: list[_Waiting], linked: list[_Waiting]) -> None:
        """Collect the files of folders and subfolders; linked folders are queued."""
        while waiting:
            folder, above = waiting.pop()
            if not self._enter(folder):
                continue
            rules = self._read_rules(folder, above)
            for entry in self._list(folder):
                self._sort_entry(entry, rules, waiting, linked)

    def _enter(self, folder: Path) -> bool:
        """Return whether a folder is visited for the first time; links may form loops."""
        try:
            status = folder.stat()
        except OSError as error:
            self._fail(folder, error)
            return False
        identity = (status.st_dev, status.st_ino)
        is_new = identity not in self._folders_seen
        self._folders_seen.add(identity)
        return is_new

    def _read_rules(self, folder: Path, above: IgnoreRules | None) -> IgnoreRules | None:
        """Read the ignore rules of a folder; lines that cannot be used are failures."""
        rules = read_rules(folder, above) if self.options.honours_ignore else None
        if rules is not above and rules is not None:
            for problem in rules.problems:
                self.failures.append(Failure(folder / IGNORE_NAME, "scan", "unreadable", problem))
        return rules

    def _list(self, folder: Path) -> list[os.DirEntry[str]]:
        """List the entries of a folder; if it cannot be read, add a failure."""
        try:
            with os.scandir(folder) as entries:
                return [entry for entry in entries if may_lead_to_media(entry)]
        except OSError as error:
            self._fail(folder, error)
            return []

    def _sort_entry(
        self,
        entry: os.DirEntry[str],
        rules: IgnoreRules | None,
        waiting: list[_Waiting],
        linked: list[_Waiting],
    ) -> None:
        """Add an entry to the folders to visit, the files, or the ignored paths."""
        path = Path(entry.path)
        try:
            is_link = entry.is_symlink()
            status = entry.stat()
        except OSError as error:
            if has_media_ending(path) and not is_ignored(rules, path, is_folder=False):
                self._fail(path, error)
            return
        if stat.S_ISDIR(status.st_mode):
            if not self.options.recursive:
                return
            if is_ignored(rules, path, is_folder=True):
                self._ignore(path)
            else:
                (linked if is_link else waiting).append((path, rules))
        elif stat.S_ISREG(status.st_mode):
            if path.suffix == ".aria2":
                self._records.add(path)
            if is_ignored(rules, path, is_folder=False):
                if has_media_ending(path):
                    self._ignore(path)
            else:
                self._keep(path, status, is_link)

    def _keep(self, path: Path, status: os.stat_result, is_link: bool) -> None:
        """Add a file, for the later choice among its paths."""
        file = ScannedFile(path, status.st_size, status.st_mtime_ns)
        self._files.append((is_link, file, (status.st_dev, status.st_ino)))

    def _ignore(self, path: Path) -> None:
        """Add an ignored path."""
        logger.info("ignored: %s", path)
        self.ignored.add(path)

    def _is_candidate(self, path: Path) -> bool:
        """Return whether a file is a media file, by its suffix or else its signature."""
        if has_media_ending(path):
            return True
        if is_download_name(path) and has_media_ending(path.with_suffix("")):
            return True
        try:
            with open(path, "rb", buffering=0, opener=open_at_once) as file:
                return has_media_signature(file.read(HEAD_BYTES))
        except OSError:
            return False

    def _fail(self, path: Path, error: OSError) -> None:
        """Add a failure for a path that could not be read."""
        self.failures.append(Failure(path, "scan", "unreadable", explain_error(error)))
