"""Folders of pictures."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.store.errors import QueryError

if TYPE_CHECKING:
    from mvsearch.indexer.media.picture_files import PictureFile

# Some 50 KB each.
MAX_THUMBNAILS = 500
MAX_PICTURE_BYTES = 64 * 2**20


class PictureFolders:
    """The pictures in some folders; they are found by id only.

    Args:
        folders: with what is below them; links are not followed.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._known: dict[str, PictureFile] = {}
        self._make_thumbnail = lru_cache(MAX_THUMBNAILS)(_make_thumbnail)

    def list(self) -> "list[PictureFile]":
        """The pictures, by path, as they are now."""
        from mvsearch.indexer.media.picture_files import list_pictures

        found = list_pictures(self._folders)
        self._known = {one.id: one for one in found}
        return found

    def read(self, picture_id: str) -> bytes:
        """The content of a picture's file.

        Raises:
            QueryError: no picture has this id, or it cannot be read any more.
        """
        from mvsearch.store.own_files import read_own

        try:
            return read_own(self._find(picture_id).path, MAX_PICTURE_BYTES)
        except OSError as error:
            raise QueryError(f"the picture cannot be read: {error.strerror}") from None

    def thumbnail(self, picture_id: str) -> bytes:
        """A small picture, a WebP; made again when the file has changed.

        Raises:
            QueryError: no picture has this id, or it cannot be read any more.
            MediaError: it is no picture any more.
        """
        path = self._find(picture_id).path
        try:
            state = path.stat(follow_symlinks=False)
        except OSError as error:
            raise QueryError(f"the picture cannot be read: {error.strerror}") from None
        return self._make_thumbnail(path, state.st_size, state.st_mtime_ns)

    def _find(self, picture_id: str) -> "PictureFile":
        found = self._known.get(picture_id)
        if found is None:
            found = next((one for one in self.list() if one.id == picture_id), None)
        if found is None:
            raise QueryError("there is no such picture")
        return found


def _make_thumbnail(path: Path, size: int, modified_ns: int) -> bytes:
    """Make a small picture of a file of this state, by which it is remembered."""
    from mvsearch.indexer.media.picture_files import make_thumbnail

    return make_thumbnail(path)
