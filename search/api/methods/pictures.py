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
        self.thumbnail = lru_cache(MAX_THUMBNAILS)(self._make_thumbnail)

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

    def _make_thumbnail(self, picture_id: str) -> bytes:
        from mvsearch.indexer.media.picture_files import make_thumbnail

        return make_thumbnail(self._find(picture_id).path)

    def _find(self, picture_id: str) -> "PictureFile":
        found = self._known.get(picture_id)
        if found is None:
            found = next((one for one in self.list() if one.id == picture_id), None)
        if found is None:
            raise QueryError("there is no such picture")
        return found
