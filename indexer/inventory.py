"""What lies in a folder, against what the library knows of it."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.scan import ScannedFile, ScanOptions, content_id, scan_folder
from store.catalog import Catalog
from store.errors import MediaError, MvsearchError
from store.paths import path_key
from store.records import Failure, Location


@dataclass(frozen=True, slots=True)
class InventoryOptions:
    """How a folder is compared.

    Attributes:
        is_recursive: whether folders below it count.
        has_retry: whether files that failed before are tried again though they did not change.
    """

    is_recursive: bool = True
    has_retry: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A file to work on.

    Attributes:
        is_retry: it failed before and is to be done again as a whole.
    """

    file: ScannedFile
    video_id: str
    is_retry: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """A folder sorted out.

    Attributes:
        unchanged: files that still stand, by size and modification time; nothing was read.
        fresh: files that are new, moved, changed or tried again.
        gone: paths that the library knows and the folder no longer has.
        failures: files that could not be read, and those that failed before and did not change.
        healed: earlier failures of what is gone, or can be read again.
    """

    unchanged: tuple[Found, ...]
    fresh: tuple[Found, ...]
    gone: tuple[Path, ...]
    failures: tuple[Failure, ...]
    healed: tuple[Failure, ...] = ()

    @property
    def is_mostly_gone(self) -> bool:
        """Whether more than half of what the library knows is missing, as with a missing drive."""
        return len(self.gone) > len(self.unchanged) + len(self.fresh)


def take_inventory(
    folder: Path,
    catalog: Catalog,
    options: InventoryOptions = InventoryOptions(),
    *,
    on_file: Callable[[int], None] = lambda n_files: None,
    stop: threading.Event | None = None,
) -> Inventory:
    """Compare a folder with the catalogue; only new and changed files are opened.

    Args:
        folder: absolute.
        catalog: what the library knows.
        options: how to compare.
        on_file: called with the number of files after each of them.
        stop: when set, the rest of the files is left for the next run.

    Raises:
        MvsearchError: the folder is not there or is no folder.
    """
    if not folder.is_dir():
        raise MvsearchError(f"{folder} is not a folder")
    scan = scan_folder(folder, ScanOptions(recursive=options.is_recursive))
    known = _known_locations(folder, catalog, options.is_recursive)
    old_failures = _standing_failures(folder, catalog, options.is_recursive)
    unchanged: list[Found] = []
    fresh: list[Found] = []
    files, twins = _part_twins(scan.files)
    failures = [*scan.failures, *twins]
    for file in files:
        if stop is not None and stop.is_set():
            break
        failed_before = _failures_of(file, old_failures, catalog)
        is_left = bool(failed_before) and not options.has_retry
        location = known.get(path_key(file.path))
        if is_left:
            failures += failed_before
        if location is not None and _is_same(location, file) and (is_left or not failed_before):
            unchanged.append(Found(file, location.video_id))
        elif not is_left:
            fresh += _identify(file, bool(failed_before), failures)
        on_file(len(files))
    present = {path_key(file.path) for file in scan.files}
    gone = tuple(location.path for key, location in known.items() if key not in present)
    healed = _find_healed(old_failures, failures, present)
    return Inventory(tuple(unchanged), tuple(fresh), gone, tuple(failures), healed)


def _identify(file: ScannedFile, is_retry: bool, failures: list[Failure]) -> list[Found]:
    """Read what is needed to know a file's content again; what cannot be read is a failure."""
    try:
        return [Found(file, content_id(file.path), is_retry)]
    except MediaError as error:
        failures.append(Failure(file.path, "scan", error.code, str(error)))
        return []


def _find_healed(
    old: dict[str, list[Failure]], now: Sequence[Failure], present: Collection[str]
) -> tuple[Failure, ...]:
    """The earlier failures that stand no more, besides those of files that are tried again."""
    failing = {path_key(failure.path) for failure in now}
    return tuple(
        failure
        for key, failures in old.items()
        for failure in failures
        if key not in failing and (failure.stage == "scan" or key not in present)
    )


def _part_twins(files: Sequence[ScannedFile]) -> tuple[list[ScannedFile], list[Failure]]:
    """Keep one file of those whose names are one to the catalogue; the others are failures."""
    kept: dict[str, ScannedFile] = {}
    failures: list[Failure] = []
    for file in files:
        if kept.setdefault(path_key(file.path), file) is not file:
            reason = "another file's name differs only in how its accents are stored; rename one"
            failures.append(Failure(file.path, "scan", "unreadable", reason))
    return list(kept.values()), failures


def _is_same(location: Location, file: ScannedFile) -> bool:
    """Whether a file is taken as unchanged: what `git` and `make` go by as well."""
    return (location.size, location.mtime_ns) == (file.size, file.mtime_ns)


def _known_locations(folder: Path, catalog: Catalog, is_recursive: bool) -> dict[str, Location]:
    """The library's locations that a scan of the folder should meet, by path key."""
    locations = catalog.locations(folder)
    if not is_recursive:
        locations = [location for location in locations if location.path.parent == folder]
    return {path_key(location.path): location for location in locations}


def _standing_failures(
    folder: Path, catalog: Catalog, is_recursive: bool
) -> dict[str, list[Failure]]:
    """Failures of earlier runs that a scan of the folder should meet, by path key."""
    failures: dict[str, list[Failure]] = defaultdict(list)
    for failure in catalog.failures(folder):
        if is_recursive or failure.path.parent == folder:
            failures[path_key(failure.path)].append(failure)
    return failures


def _failures_of(
    file: ScannedFile, old: dict[str, list[Failure]], catalog: Catalog
) -> list[Failure]:
    """Earlier failures of a file that did not change since."""
    failures = old.get(path_key(file.path), [])
    if failures and catalog.failure_stamp(file.path) == (file.size, file.mtime_ns):
        return failures
    return []
