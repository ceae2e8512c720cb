"""Compares the files of a folder, or the videos of another library, with a library."""

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mvsearch.indexer.media.scan import ScannedFile, ScanOptions, content_id, scan_folder
from mvsearch.indexer.media.unfinished import is_being_written
from mvsearch.store.catalog.paths import path_key
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import MediaError, MvsearchError
from mvsearch.store.records import Failure, Location


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
        others: every other file that holds the same, here and in other folders.
    """

    file: ScannedFile
    video_id: str
    is_retry: bool = False
    others: tuple[Path, ...] = ()

    @property
    def places(self) -> tuple[Path, ...]:
        """Every file that holds it; what lies beside any of them belongs to the video."""
        return (self.file.path, *self.others)


@dataclass(frozen=True, slots=True)
class Inventory:
    """A folder sorted out.

    Attributes:
        unchanged: files that still stand, by size and modification time; nothing was read.
        fresh: files that are new, moved, changed or tried again.
        gone: paths that the library knows and the folder no longer has.
        bereft: ids of the videos that were there, in `unchanged` too where another file holds them.
        elsewhere: by id, the files outside the folder that hold these videos and did not change.
        failures: files that could not be read, and those that failed before and did not change.
        healed: earlier failures of what is gone, or can be read again.
        unfinished: files that are still being written; what is known of them stays.
    """

    unchanged: tuple[Found, ...]
    fresh: tuple[Found, ...]
    gone: tuple[Path, ...]
    failures: tuple[Failure, ...]
    healed: tuple[Failure, ...] = ()
    bereft: frozenset[str] = frozenset()
    elsewhere: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    unfinished: tuple[Path, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no media file, never was one, and none that could not be read."""
        return not (self.unchanged or self.fresh or self.gone or self.failures)

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
        raise MvsearchError(explain_absence(folder))
    scan = scan_folder(folder, ScanOptions(recursive=options.is_recursive))
    files, twins = _part_twins(scan.files)
    everywhere = _key_locations(catalog.locations())
    side_by_side = _Comparison(
        tuple(files),
        {path_key(file.path) for file in scan.files},
        scan.unfinished,
        [*scan.failures, *twins],
        _pick_below(folder, everywhere, options.is_recursive),
        _standing_failures(folder, catalog, options.is_recursive),
        everywhere,
        content_id,
    )
    return _compare(side_by_side, catalog, options, on_file, stop)


def explain_absence(folder: Path) -> str:
    """What to say of a folder that is not there, or is none."""
    if folder.exists():
        return f"{folder} is not a folder"
    return (
        f"{folder} is not a folder: it is not there; if it was indexed and is gone for good, index"
        " its new place, if it has one, and then: mvsearch remove --missing"
    )


def take_inventory_of(
    wanted: Sequence[Location],
    catalog: Catalog,
    options: InventoryOptions = InventoryOptions(),
    *,
    on_file: Callable[[int], None] = lambda n_files: None,
    stop: threading.Event | None = None,
) -> Inventory:
    """Compare what another library holds with the catalogue; one file stands for each video.

    Args:
        wanted: the other library's locations; a file that has changed since is a failure.
        catalog: what this library knows.
        options: how to compare.
        on_file: called with the number of files after each of them.
        stop: when set, the rest of the files is left for the next run.
    """
    files: dict[str, ScannedFile] = {}
    absent: dict[str, Failure] = {}
    for location in wanted:
        if location.video_id in files:
            continue
        if _stands(location):
            files[location.video_id] = ScannedFile(location.path, location.size, location.mtime_ns)
        else:
            reason = "it is gone, or has changed since it was indexed"
            lost = Failure(location.path, "scan", "unreadable", reason)
            absent.setdefault(location.video_id, lost)
    ids = {file.path: video_id for video_id, file in files.items()}
    failures = [lost for video_id, lost in absent.items() if video_id not in files]
    side_by_side = _Comparison(
        tuple(files.values()),
        {path_key(path) for path in ids},
        (),
        failures,
        _key_locations(catalog.locations()),
        _group_failures(catalog.failures()),
        _key_locations(wanted),
        ids.__getitem__,
    )
    return _compare(side_by_side, catalog, options, on_file, stop)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Files, and what a catalogue knows that these should meet.

    Attributes:
        present: path keys of the files.
        unfinished: files that are left for now, by their names.
        failures: what could not be looked at.
        known: locations by path key.
        old_failures: of earlier runs, by path key.
        everywhere: all that is known of where the contents lie, in whatever folder, by path key.
        identify: gives a file's content id, or raises MediaError.
    """

    files: tuple[ScannedFile, ...]
    present: set[str]
    unfinished: tuple[Path, ...]
    failures: list[Failure]
    known: dict[str, Location]
    old_failures: dict[str, list[Failure]]
    everywhere: Mapping[str, Location]
    identify: Callable[[Path], str]


def _compare(
    asked: _Comparison,
    catalog: Catalog,
    options: InventoryOptions,
    on_file: Callable[[int], None],
    stop: threading.Event | None,
) -> Inventory:
    """Sort files by what is known of them."""
    unchanged: list[Found] = []
    fresh: list[Found] = []
    failures = list(asked.failures)
    unfinished = list(asked.unfinished)
    for file in asked.files:
        if stop is not None and stop.is_set():
            break
        failed_before = _failures_of(file, asked.old_failures, catalog)
        is_left = bool(failed_before) and not options.has_retry
        location = asked.known.get(path_key(file.path))
        if is_left:
            failures += failed_before
        if location is not None and _is_same(location, file) and (is_left or not failed_before):
            unchanged.append(Found(file, location.video_id))
        elif not is_left and is_being_written(file.path, file.mtime_ns):
            unfinished.append(file.path)
        elif not is_left:
            fresh += _identify(file, asked.identify, bool(failed_before), failures)
        on_file(len(asked.files))
    there = asked.present | {path_key(path) for path in unfinished}
    gone = [place for key, place in asked.known.items() if key not in there]
    return Inventory(
        tuple(unchanged),
        tuple(fresh),
        tuple(place.path for place in gone),
        tuple(failures),
        _find_healed(asked.old_failures, failures, asked.present),
        frozenset(place.video_id for place in gone),
        _find_elsewhere(asked, {found.video_id for found in (*unchanged, *fresh)}),
        tuple(unfinished),
    )


def _find_elsewhere(
    asked: _Comparison, video_ids: Collection[str]
) -> Mapping[str, tuple[Path, ...]]:
    """The files, besides those that are compared, that still hold some of the contents."""
    found: dict[str, tuple[Path, ...]] = {}
    for key, location in asked.everywhere.items():
        is_other = key not in asked.present
        if is_other and location.video_id in video_ids and _stands(location):
            found[location.video_id] = (*found.get(location.video_id, ()), location.path)
    return found


def _stands(location: Location) -> bool:
    """Whether a file still has the size and modification time that it was known with."""
    try:
        found = location.path.stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (location.size, location.mtime_ns)


def _identify(
    file: ScannedFile, identify: Callable[[Path], str], is_retry: bool, failures: list[Failure]
) -> list[Found]:
    """Read what is needed to know a file's content again; what cannot be read is a failure."""
    try:
        return [Found(file, identify(file.path), is_retry)]
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


def _key_locations(locations: Iterable[Location]) -> dict[str, Location]:
    """Locations by path key."""
    return {path_key(location.path): location for location in locations}


def _pick_below(
    folder: Path, locations: Mapping[str, Location], is_recursive: bool
) -> dict[str, Location]:
    """The locations that a scan of the folder should meet."""
    start = path_key(folder).rstrip(os.sep) + os.sep
    return {
        key: location
        for key, location in locations.items()
        if key.startswith(start) and (is_recursive or location.path.parent == folder)
    }


def _standing_failures(
    folder: Path, catalog: Catalog, is_recursive: bool
) -> dict[str, list[Failure]]:
    """Failures of earlier runs that a scan of the folder should meet, by path key."""
    failures = catalog.failures(folder)
    return _group_failures([bad for bad in failures if is_recursive or bad.path.parent == folder])


def _group_failures(failures: Sequence[Failure]) -> dict[str, list[Failure]]:
    """Failures by path key."""
    grouped: dict[str, list[Failure]] = defaultdict(list)
    for failure in failures:
        grouped[path_key(failure.path)].append(failure)
    return grouped


def _failures_of(
    file: ScannedFile, old: dict[str, list[Failure]], catalog: Catalog
) -> list[Failure]:
    """Earlier failures of a file that did not change since."""
    failures = old.get(path_key(file.path), [])
    if failures and catalog.failure_stamp(file.path) == (file.size, file.mtime_ns):
        return failures
    return []
