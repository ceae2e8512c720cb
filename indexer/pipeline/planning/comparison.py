"""Compares files with the entries of a catalogue."""

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mvsearch.indexer.media.files.scan import ScannedFile
from mvsearch.indexer.media.files.unfinished import is_being_written, is_fresh
from mvsearch.indexer.pipeline.planning.inventory import Found, Inventory, InventoryOptions
from mvsearch.indexer.progress import StepCounter
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.paths import path_key
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Failure, Location


class Folders:
    """The folders of a run; a file belongs to the innermost one."""

    def __init__(self, folders: Iterable[Path], *, is_recursive: bool) -> None:
        self._by_key = {path_key(folder): folder for folder in folders}
        self._is_recursive = is_recursive

    def find(self, key: str) -> Path | None:
        """Return the innermost folder that holds a path key; None if there is none."""
        while (above := os.path.dirname(key)) != key:  # noqa: PTH120  # keys are text
            key = above
            if key in self._by_key or not self._is_recursive:
                return self._by_key.get(key)
        return None

    def hold(self, key: str) -> bool:
        """Return whether a path key is one of the folders or lies in one."""
        return key in self._by_key or self.find(key) is not None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Files, and the entries of the catalogue to compare them with.

    Attributes:
        files: the files of the run.
        present: path keys of the files.
        unfinished: files with the name of an unfinished download.
        failures: files and folders that could not be read.
        known: all locations in the catalogue, by path key.
        expected: those of `known` that lie in the folders of the run.
        old_failures: failures of earlier runs in these folders, by path key.
        everywhere: the locations in which other files of the same videos may lie, by path key.
        identify: computes a file's content id, or raises MediaError.
        find_folder: returns the folder of a path key; None for a file that was named itself.
        named: path keys of the files that were named themselves.
        ignored: media and folders that `.mvsearchignore` excludes.
        removed: locations of videos that were removed by name, by path key.
    """

    files: tuple[ScannedFile, ...]
    present: set[str]
    unfinished: tuple[Path, ...]
    failures: Sequence[Failure]
    known: Mapping[str, Location]
    expected: Mapping[str, Location]
    old_failures: Mapping[str, list[Failure]]
    everywhere: Mapping[str, Location]
    identify: Callable[[Path], str]
    find_folder: Callable[[str], Path | None] = lambda key: None
    named: Collection[str] = frozenset()
    ignored: frozenset[Path] = frozenset()
    removed: Mapping[str, Location] = field(default_factory=dict)


@dataclass(slots=True)
class _Groups:
    """The files of a run by their state; see `Inventory`."""

    failures: list[Failure]
    unfinished: list[Path]
    unchanged: list[Found] = field(default_factory=list)
    fresh: list[Found] = field(default_factory=list)
    kept_out: list[Found] = field(default_factory=list)


def compare(
    asked: Comparison,
    catalog: Catalog,
    options: InventoryOptions,
    on_file: StepCounter,
    stop: threading.Event | None,
) -> Inventory:
    """Group files by their state in the catalogue.

    Args:
        asked: the files, and the entries of the catalogue to compare them with.
        catalog: the catalogue.
        options: of the comparison.
        on_file: called after each file with the number of files done and of all.
        stop: when set, the remaining files are left out.
    """
    groups = _Groups(list(asked.failures), list(asked.unfinished))
    for n_done, file in enumerate(asked.files, 1):
        if stop is not None and stop.is_set():
            break
        _group_file(file, asked, catalog, options, groups)
        on_file(n_done, len(asked.files))
    fresh, kept_out = _keep_out(asked, groups.fresh, groups.kept_out)
    absent = _judge_absent(asked, [*groups.unchanged, *fresh, *kept_out], groups.unfinished)
    return Inventory(
        tuple(groups.unchanged),
        tuple(fresh),
        absent.gone,
        tuple(groups.failures),
        _find_resolved(asked, groups.failures, absent.suspect),
        absent.affected_ids,
        absent.missing,
        _find_elsewhere(asked, {found.video_id for found in (*groups.unchanged, *fresh)}),
        tuple(groups.unfinished),
        tuple(kept_out),
        asked.ignored,
    )


def _group_file(
    file: ScannedFile,
    asked: Comparison,
    catalog: Catalog,
    options: InventoryOptions,
    groups: _Groups,
) -> None:
    """Add a file to the group of its state."""
    key = path_key(file.path)
    folder = asked.find_folder(key)
    failed_before = _failures_of(file, asked.old_failures, catalog)
    is_left = bool(failed_before) and not options.has_retry
    location = asked.known.get(key)
    removed = None if location is not None or key in asked.named else asked.removed.get(key)
    if is_left:
        groups.failures += failed_before
    if location is not None and is_same(location, file) and (is_left or not failed_before):
        groups.unchanged.append(Found(file, location.video_id, folder=folder))
    elif removed is not None and is_same(removed, file):
        groups.kept_out.append(Found(file, removed.video_id, folder=folder))
    elif not is_left and (
        is_being_written(file.path, file.mtime_ns) or is_fresh(file.path, options.settle_seconds)
    ):
        groups.unfinished.append(file.path)
    elif not is_left:
        found = _identify(file, asked.identify, groups.failures)
        is_retry = bool(failed_before)
        groups.fresh += [replace(one, is_retry=is_retry, folder=folder) for one in found]


def _keep_out(
    asked: Comparison, fresh: Sequence[Found], removed: Sequence[Found]
) -> tuple[list[Found], list[Found]]:
    """Separate new files from those of removed videos; a named file brings its video back."""
    stays_out = {location.video_id for location in asked.removed.values()}
    stays_out -= {found.video_id for found in fresh if path_key(found.file.path) in asked.named}
    every = [*fresh, *removed]
    return (
        [found for found in every if found.video_id not in stays_out],
        [found for found in every if found.video_id in stays_out],
    )


@dataclass(frozen=True, slots=True)
class _Absent:
    """Expected files that are absent; see `Inventory`.

    Attributes:
        suspect: the folders of `missing`.
    """

    gone: tuple[Path, ...]
    missing: tuple[Path, ...]
    affected_ids: frozenset[str]
    suspect: frozenset[Path | None]


def _judge_absent(asked: Comparison, here: Sequence[Found], unfinished: Sequence[Path]) -> _Absent:
    """Decide for each folder whether absent files are gone, or the drive may be missing.

    A folder is suspect if more of its files are absent than present. What lies in a subfolder that
    cannot be read may be there.
    """
    there = asked.present | {path_key(path) for path in unfinished}
    left_out = Folders(asked.ignored, is_recursive=True)
    closed = Folders((failure.path for failure in asked.failures), is_recursive=True)
    ignored, hidden = list[Location](), list[Location]()
    absent: dict[Path | None, list[Location]] = defaultdict(list)
    for key, place in asked.expected.items():
        if key not in there:
            if left_out.hold(key):
                ignored.append(place)
            elif closed.find(key) is not None:
                hidden.append(place)
            else:
                absent[asked.find_folder(key)].append(place)
    n_here = Counter(found.folder for found in here)
    suspect = {folder for folder, places in absent.items() if len(places) > n_here[folder]}
    gone = ignored + [one for folder in absent.keys() - suspect for one in absent[folder]]
    missing = hidden + [one for folder in suspect for one in absent[folder]]
    return _Absent(
        tuple(sorted(place.path for place in gone)),
        tuple(sorted(place.path for place in missing)),
        frozenset(place.video_id for place in gone),
        frozenset(suspect),
    )


def _find_elsewhere(
    asked: Comparison, video_ids: Collection[str]
) -> Mapping[str, tuple[Path, ...]]:
    """Find the unchanged files outside this run that hold some of the videos, by video id."""
    found: dict[str, tuple[Path, ...]] = {}
    for key, location in asked.everywhere.items():
        is_other = key not in asked.present
        if is_other and location.video_id in video_ids and stands(location):
            found[location.video_id] = (*found.get(location.video_id, ()), location.path)
    return found


def stands(location: Location) -> bool:
    """Return whether a file has the size and modification time of its location."""
    try:
        found = location.path.stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (location.size, location.mtime_ns)


def is_same(location: Location, file: ScannedFile) -> bool:
    """Return whether a file is unchanged, by size and modification time, as in git."""
    return (location.size, location.mtime_ns) == (file.size, file.mtime_ns)


def _identify(
    file: ScannedFile, identify: Callable[[Path], str], failures: list[Failure]
) -> list[Found]:
    """Compute the content id of a file; if it cannot be read, add a failure."""
    try:
        return [Found(file, identify(file.path))]
    except MediaError as error:
        failures.append(Failure(file.path, "scan", error.code, str(error)))
        return []


def _find_resolved(
    asked: Comparison, now: Sequence[Failure], suspect: Collection[Path | None]
) -> tuple[Failure, ...]:
    """List earlier failures that no longer apply, except those of files that are tried again."""
    failing = {path_key(failure.path) for failure in now}
    return tuple(
        failure
        for key, failures in asked.old_failures.items()
        for failure in failures
        if key not in failing and (failure.stage == "scan" or key not in asked.present)
        if asked.find_folder(key) not in suspect
    )


def _failures_of(
    file: ScannedFile, old: Mapping[str, list[Failure]], catalog: Catalog
) -> list[Failure]:
    """Return the earlier failures of a file that has not changed since."""
    failures = old.get(path_key(file.path), [])
    if failures and catalog.failure_stamp(file.path) == (file.size, file.mtime_ns):
        return failures
    return []
