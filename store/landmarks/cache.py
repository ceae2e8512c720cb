"""Opens the landmarks of a library, and brings them up to date with the catalogue."""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mvsearch.store.catalog.reading.vectors import PeakSnapshot, VectorReader
from mvsearch.store.landmarks.index import LandmarkIndex, add_videos, drop_videos, make_empty
from mvsearch.store.landmarks.index_file import (
    ENDING,
    StoredLandmarks,
    read_landmarks,
    read_state,
    write_landmarks,
)
from mvsearch.store.own_files import check_folder
from mvsearch.store.records import Space

logger = logging.getLogger(__name__)

# Equal to no generation: what left the library is out, and what came is not there yet.
NO_STATE = -1
# Videos added at once, so that memory is bounded.
N_AT_ONCE = 2000


class LandmarkCache:
    """The index of landmarks of each space of sound, as a file in a folder.

    A file is replaced as a whole, so two processes may both write it; each says which generation of
    the space it is of, and one that is not that of the catalogue is brought up to date.

    Args:
        folder: of the files; made when it is needed.
        is_read_only: whether stale files are left as they are, and indexes stay in memory.
    """

    def __init__(self, folder: Path, *, is_read_only: bool = False) -> None:
        self.folder = folder
        self._is_read_only = is_read_only
        self._open: dict[str, StoredLandmarks] = {}

    def obtain(self, space: Space, reader: VectorReader) -> LandmarkIndex:
        """The landmarks of the state that the reader sees."""
        generation = reader.generation(space.key)
        stored = self._open.get(space.key)
        if stored is None or stored.generation != generation:
            # Without a readable file, what is in memory is brought up to date.
            stored = self._read(space) or stored
        if stored is None or stored.generation != generation:
            with reader.peak_snapshot(space.key) as snapshot:
                stored = _bring_up_to_date(stored, snapshot)
            if generation and not reader.is_holding and not self._is_read_only:
                self._write(space, stored)
        self._open[space.key] = stored
        return stored.index

    def drop_stale(self, spaces: Sequence[Space], reader: VectorReader) -> None:
        """Take videos that left the library out of the files, and delete files of other spaces."""
        try:
            check_folder(self.folder)
        except OSError:
            return
        known = {self._file(space): space for space in spaces}
        for file in self.folder.glob(f"*{ENDING}"):
            space = known.get(file)
            # The head alone, as this is done after each change.
            state = read_state(file, space.key) if space is not None else None
            if space is None or state is None:
                _delete(file)
            elif state.generation != reader.generation(space.key, is_newest=True):
                with reader.peak_snapshot(space.key, is_newest=True) as snapshot:
                    gone = _find_gone(state.versions, snapshot.versions)
                if gone and not self._drop_from_file(space, gone):
                    _delete(file)

    def forget(self) -> None:
        """Give back the memory."""
        self._open.clear()

    def _file(self, space: Space) -> Path:
        name = hashlib.sha256(space.key.encode()).hexdigest()[:16]
        return self.folder / f"{name}{ENDING}"

    def _drop_from_file(self, space: Space, gone: Sequence[str]) -> bool:
        """Take videos out of a file; False where it cannot be read or written."""
        stored = self._read(space)
        if stored is None:
            return False
        index = _drop(stored.index, gone)
        return self._write(space, StoredLandmarks(NO_STATE, stored.versions, index))

    def _read(self, space: Space) -> StoredLandmarks | None:
        try:
            check_folder(self.folder)
        except OSError:
            return None
        return read_landmarks(self._file(space), space.key)

    def _write(self, space: Space, stored: StoredLandmarks) -> bool:
        """Keep an index; where the disk refuses, each run builds it again."""
        try:
            check_folder(self.folder)
            self.folder.mkdir(exist_ok=True)
            write_landmarks(self._file(space), space.key, stored)
        except OSError as error:
            logger.info("the landmarks cannot be kept: %s", error.strerror or error)
            return False
        return True


def _bring_up_to_date(stored: StoredLandmarks | None, snapshot: PeakSnapshot) -> StoredLandmarks:
    """An index of the state of a snapshot; only what is new is read."""
    index = make_empty() if stored is None else stored.index
    held: Mapping[str, int] = {} if stored is None else stored.versions
    index = _drop(index, _find_gone(held, snapshot.versions))
    kept = set(index.video_ids)
    new = sorted(video_id for video_id in snapshot.versions if video_id not in kept)
    try:
        for some in _cut(new):
            index = add_videos(index, snapshot.read(some))
    except ValueError as error:
        logger.warning("not all sound has landmarks: %s", error)
    return StoredLandmarks(snapshot.generation, snapshot.versions, index)


def _drop(index: LandmarkIndex, gone: Sequence[str]) -> LandmarkIndex:
    """An index without some videos; an empty one, to be built anew, without most of them.

    Each dropped video leaves an empty stretch of the line.
    """
    return make_empty() if 2 * len(gone) > len(index.video_ids) else drop_videos(index, gone)


def _find_gone(held: Mapping[str, int], versions: Mapping[str, int]) -> list[str]:
    """The videos that left, or whose peaks are others now."""
    return [one for one, version in held.items() if versions.get(one) != version]


def _cut(video_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(video_ids), N_AT_ONCE):
        yield video_ids[first : first + N_AT_ONCE]


def _delete(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        logger.debug("%s stays: %s", file, error.strerror)
