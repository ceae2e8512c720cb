"""Music for pictures, and folders of pictures."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from mvsearch.search.api.arguments import SearchArguments, make_search_options
from mvsearch.search.api.session import Session
from mvsearch.search.query.make_query import Many, make_picture_query
from mvsearch.search.query.query import Query
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError

if TYPE_CHECKING:
    from mvsearch.indexer.media.picture_files import PictureFile
    from mvsearch.search.picture_music import PictureMusic
    from mvsearch.search.query.encode import Made

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


class Pictures:
    """What an open library makes of pictures."""

    _session: Session

    def music_for(
        self,
        image: "Query | Many",
        *,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> "PictureMusic":
        """Find the music that fits a picture.

        Songs with a moment that looks like it; where chance would find as much, songs in which what
        it shows is seen, sung of or heard.

        Args:
            image: a picture: a path, bytes, a Pillow image, or (height, width, 3) uint8 RGB; or a
                query of one.
            filter: selects the songs.
            memory: see `VideoLibrary.search`.
            **arguments: see `SearchArguments`.

        Raises:
            QueryError: it is not one picture, or cannot be read.
            MvsearchError: the library is empty, closed or does not exist.
        """
        from mvsearch.search.picture_music import Asked, fit_music

        (picture,) = make_picture_query(image).parts
        with self._session.using() as library:
            engine = self._session.engine(library)
            options = make_search_options(engine.encoders, **arguments)
            return fit_music(
                Asked(
                    picture,
                    engine.encoders,
                    filter,
                    lambda query: engine.search(query, options, made=memory),
                )
            )
