"""The review of versions of a library on a server."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.search.api.remote.contents import RemoteContents
from mvsearch.search.api.remote.requests.asking import name_video, write_address
from mvsearch.search.api.remote.requests.records import read, take
from mvsearch.store.errors import ServerError
from mvsearch.store.opening import AnyPath
from mvsearch.store.records import Video
from mvsearch.store.unicode import replace_surrogates

if TYPE_CHECKING:
    from mvsearch.search.review.decisions import Decisions


class RemoteReviews(RemoteContents):
    """The review of a library on a server; see `Reviews`."""

    def decisions(self) -> "Decisions":
        """What was decided on pairs of versions, and which files were moved."""
        from mvsearch.search.review.decisions import from_json

        try:
            return from_json(self._server.get("review"))
        except (LookupError, TypeError, ValueError) as error:
            raise ServerError(f"the server answers no decisions: {error}") from None

    def decide(self, first: str | Video, second: str | Video, kept: str | Video | None) -> None:
        """Keep one of two versions, or both; no file is touched. See `Reviews.decide`."""
        best = None if kept is None else name_video(kept)
        given = {"first": name_video(first), "second": name_video(second), "kept": best}
        self._server.send("POST", "review", given)

    def undecide(self, first: str | Video, second: str | Video) -> None:
        """Take a decision back; see `Reviews.undecide`."""
        given = {"first": name_video(first), "second": name_video(second)}
        self._server.send("DELETE", write_address("review", given))

    def surplus(self) -> list[Video]:
        """The videos of which another version is kept, and that version's file is there."""
        return read(list[Video], self._server.get("review/surplus"))

    def move_surplus(self, folder: AnyPath) -> list[Path]:
        """Move the files of surplus videos into a folder of the server; see `Reviews`.

        The folder is below one that the server indexes.
        """
        given = {"folder": replace_surrogates(os.fspath(folder))}
        return read(list[Path], take(self._server.send("POST", "review/move", given), "files"))

    def undo_moves(self, file: AnyPath) -> list[Path]:
        """Move files back by the undo file of their folder on the server; see `Reviews`."""
        given = {"file": replace_surrogates(os.fspath(file))}
        return read(list[Path], take(self._server.send("POST", "review/undo", given), "files"))

    def move_back(self) -> list[Path]:
        """Move the files of the last `move_surplus` back to where they were."""
        return read(list[Path], take(self._server.send("POST", "review/move-back"), "files"))
