"""The inventory of a run: new, known and missing files of folders, or of another library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mvsearch.indexer.media.files.scan import ScannedFile
from mvsearch.store.records import Failure


@dataclass(frozen=True, slots=True)
class InventoryOptions:
    """How folders are compared.

    Attributes:
        is_recursive: whether subfolders are included.
        has_retry: whether unchanged files that failed before are tried again.
        has_removed: whether videos that were removed by name are added again.
        settle_seconds: how long a new or changed file must have stood still; else it is unfinished.
    """

    is_recursive: bool = True
    has_retry: bool = False
    has_removed: bool = False
    settle_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """A file to work on.

    Attributes:
        is_retry: whether it failed before and all its stages are repeated.
        others: all other files with the same content, in this run and in other folders.
        folder: the folder of the run that holds it; None if the file itself was named.
    """

    file: ScannedFile
    video_id: str
    is_retry: bool = False
    others: tuple[Path, ...] = ()
    folder: Path | None = None

    @property
    def places(self) -> tuple[Path, ...]:
        """All files with this content; side-cars of each of them belong to the video."""
        return (self.file.path, *self.others)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The files of a run by their state. Each folder is compared by itself.

    Attributes:
        unchanged: files with the same size and modification time; they were not read.
        fresh: files that are new, moved, changed or tried again.
        gone: known paths that no longer exist in their folder, or are ignored now.
        missing: absent paths of folders that lack more than half of their known files, as a missing
            drive does, or of subfolders that cannot be read; they are kept in the library.
        affected_ids: ids of the videos of `gone`; some may have other files in `unchanged`.
        elsewhere: unchanged files outside the run that hold the same videos, by video id.
        failures: files that could not be read, and unchanged files that failed before.
        resolved: earlier failures that no longer apply.
        unfinished: files that are still being written; their entries are kept.
        kept_out: files of videos that were removed by name.
        ignored: media and folders that `.mvsearchignore` excludes.
        empty: folders without media files, neither now nor in the library.
    """

    unchanged: tuple[Found, ...]
    fresh: tuple[Found, ...]
    gone: tuple[Path, ...]
    failures: tuple[Failure, ...]
    resolved: tuple[Failure, ...] = ()
    affected_ids: frozenset[str] = frozenset()
    missing: tuple[Path, ...] = ()
    elsewhere: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    unfinished: tuple[Path, ...] = ()
    kept_out: tuple[Found, ...] = ()
    ignored: frozenset[Path] = frozenset()
    empty: tuple[Path, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no media file, neither on disk nor in the library, and no failure."""
        files = (self.unchanged, self.fresh, self.kept_out, self.unfinished)
        return not any((*files, self.gone, self.missing, self.failures))
