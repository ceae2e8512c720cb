"""Finds the new, unchanged and absent files of a run."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.media.files.content import content_id
from mvsearch.indexer.media.files.scan import Scan, ScannedFile, ScanOptions, scan_places
from mvsearch.indexer.pipeline.planning.comparison import Comparison, Folders, compare, stands
from mvsearch.indexer.pipeline.planning.inventory import Inventory, InventoryOptions
from mvsearch.indexer.progress import StepCounter
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.paths import path_key
from mvsearch.store.records import Failure, Location


def take_inventory(
    places: Sequence[Path],
    catalog: Catalog,
    options: InventoryOptions = InventoryOptions(),
    *,
    on_file: StepCounter = lambda n_done, n_all: None,
    stop: threading.Event | None = None,
) -> Inventory:
    """Compare folders and files with the catalogue; only new and changed files are hashed.

    Args:
        places: absolute paths of folders and files; nested folders are scanned once. A file that is
            named itself has no effect on other files.
        catalog: of the library.
        options: of the comparison.
        on_file: called after each file.
        stop: when set, the remaining files are left for the next run.

    Raises:
        MvsearchError: a path does not exist, or is neither a folder nor a media file.
    """
    scan = scan_places(places, ScanOptions(recursive=options.is_recursive))
    files, duplicates = _separate_duplicates(scan.files)
    folders = Folders(scan.folders, is_recursive=options.is_recursive)
    asked = _prepare_comparison(scan, files, duplicates, folders, catalog, options)
    inventory = compare(asked, catalog, options, on_file, stop)
    return replace(inventory, empty=_find_empty(scan, asked))


def take_inventory_of(
    wanted: Sequence[Location],
    catalog: Catalog,
    options: InventoryOptions = InventoryOptions(),
    *,
    on_file: StepCounter = lambda n_done, n_all: None,
    stop: threading.Event | None = None,
) -> Inventory:
    """Compare the videos of another library with the catalogue, by one file each.

    Args:
        wanted: locations of the other library; a video without an unchanged file is a failure.
        catalog: of this library.
        options: of the comparison.
        on_file: called after each file.
        stop: when set, the remaining files are left for the next run.
    """
    files, failures = _choose_files(wanted)
    ids = {file.path: video_id for video_id, file in files.items()}
    known = _key_locations(catalog.locations())
    asked = Comparison(
        tuple(files.values()),
        {path_key(path) for path in ids},
        (),
        failures,
        known,
        known,
        _group_failures(catalog.failures()),
        _key_locations(wanted),
        ids.__getitem__,
    )
    return compare(asked, catalog, options, on_file, stop)


def _prepare_comparison(
    scan: Scan,
    files: Sequence[ScannedFile],
    duplicates: Sequence[Failure],
    folders: Folders,
    catalog: Catalog,
    options: InventoryOptions,
) -> Comparison:
    """Collect what the catalogue has of the scanned folders and files."""
    named = {path_key(path) for path in scan.named}
    known = _key_locations(catalog.locations())
    return Comparison(
        tuple(files),
        {path_key(file.path) for file in scan.files},
        scan.unfinished,
        [*scan.failures, *duplicates],
        known,
        {key: place for key, place in known.items() if folders.find(key) is not None},
        _group_failures(
            failure
            for failure in catalog.failures()
            if (key := path_key(failure.path)) in named or folders.find(key) is not None
        ),
        known,
        content_id,
        folders.find,
        named,
        scan.ignored,
        {} if options.has_removed else _key_locations(catalog.removed_locations()),
    )


def _choose_files(
    wanted: Iterable[Location],
) -> tuple[dict[str, ScannedFile], list[Failure]]:
    """Choose an unchanged file for each video id; a failure for each video without one."""
    files: dict[str, ScannedFile] = {}
    absent: dict[str, Failure] = {}
    for location in wanted:
        if location.video_id in files:
            continue
        if stands(location):
            files[location.video_id] = ScannedFile(location.path, location.size, location.mtime_ns)
        else:
            reason = "it is gone, or has changed since it was indexed"
            lost = Failure(location.path, "scan", "unreadable", reason)
            absent.setdefault(location.video_id, lost)
    return files, [lost for video_id, lost in absent.items() if video_id not in files]


def _find_empty(scan: Scan, asked: Comparison) -> tuple[Path, ...]:
    """List the folders without media files, neither on disk nor in the library."""
    seen = [file.path for file in scan.files] + [place.path for place in asked.expected.values()]
    seen += [*scan.unfinished, *(failure.path for failure in scan.failures)]
    filled = {asked.find_folder(path_key(path)) for path in seen}
    filled |= {failure.path for failure in scan.failures}
    return tuple(folder for folder in scan.folders if folder not in filled)


def _separate_duplicates(files: Sequence[ScannedFile]) -> tuple[list[ScannedFile], list[Failure]]:
    """Keep one of the files with the same path key; the others are failures."""
    kept: dict[str, ScannedFile] = {}
    failures: list[Failure] = []
    for file in files:
        if kept.setdefault(path_key(file.path), file) is not file:
            reason = "another file's name differs only in how its accents are stored; rename one"
            failures.append(Failure(file.path, "scan", "unreadable", reason))
    return list(kept.values()), failures


def _key_locations(locations: Iterable[Location]) -> dict[str, Location]:
    """Index locations by path key."""
    return {path_key(location.path): location for location in locations}


def _group_failures(failures: Iterable[Failure]) -> dict[str, list[Failure]]:
    """Group failures by path key."""
    grouped: dict[str, list[Failure]] = defaultdict(list)
    for failure in failures:
        grouped[path_key(failure.path)].append(failure)
    return grouped
