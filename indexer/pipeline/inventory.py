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
        is_recursive: whether folders below them count.
        has_retry: whether files that failed before are tried again though they did not change.
        has_removed: whether files come back whose video was removed by its name.
    """

    is_recursive: bool = True
    has_retry: bool = False
    has_removed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A file to work on.

    Attributes:
        is_retry: it failed before and is to be done again as a whole.
        others: every other file that holds the same, here and in other folders.
        folder: the folder asked for in which it lies; None where the file itself was named.
    """

    file: ScannedFile
    video_id: str
    is_retry: bool = False
    others: tuple[Path, ...] = ()
    folder: Path | None = None

    @property
    def places(self) -> tuple[Path, ...]:
        """Every file that holds it; what lies beside any of them belongs to the video."""
        return (self.file.path, *self.others)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Folders and files sorted out; a folder is judged by itself.

    Attributes:
        unchanged: files that still stand, by size and modification time; nothing was read.
        fresh: files that are new, moved, changed or tried again.
        gone: paths that the library knows and their folder no longer has, or ignores.
        missing: the same of folders that lost more than half of what the library knows, as with a
            missing drive; they are kept.
        bereft: ids of the videos of `gone`, in `unchanged` too where another file holds them.
        elsewhere: by id, the files outside the folders that hold these videos and did not change.
        failures: files that could not be read, and those that failed before and did not change.
        healed: earlier failures of what is gone, or can be read again.
        unfinished: files that are still being written; what is known of them stays.
        kept_out: files whose video was removed by its name, and which stay out.
        ignored: media and folders that `.mvsearchignore` leaves out.
        empty: folders without a media file, and of which the library never knew one.
    """

    unchanged: tuple[Found, ...]
    fresh: tuple[Found, ...]
    gone: tuple[Path, ...]
    failures: tuple[Failure, ...]
    healed: tuple[Failure, ...] = ()
    bereft: frozenset[str] = frozenset()
    missing: tuple[Path, ...] = ()
    elsewhere: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    unfinished: tuple[Path, ...] = ()
    kept_out: tuple[Found, ...] = ()
    ignored: frozenset[Path] = frozenset()
    empty: tuple[Path, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no media file, never was one, and none that could not be read."""
        files = (self.unchanged, self.fresh, self.kept_out, self.unfinished)
        return not any((*files, self.gone, self.missing, self.failures))
