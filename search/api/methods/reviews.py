"""A review of versions: what is kept, and what becomes of surplus files."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.search.api.methods.contents import Contents
from mvsearch.store.errors import MvsearchError
from mvsearch.store.opening import AnyPath, expand_home
from mvsearch.store.records import Video

if TYPE_CHECKING:
    from mvsearch.search.review.decisions import Decisions
    from mvsearch.store.documents import Document
    from mvsearch.store.library import Library


class Reviews(Contents):
    """The review of an open library."""

    def decisions(self) -> "Decisions":
        """What was decided on pairs of versions, and which files were moved.

        Raises:
            LibraryDamagedError: their file cannot be read.
        """
        with self._session.using() as library:
            return _open_reviews(library).read()

    def decide(self, first: str | Video, second: str | Video, kept: str | Video | None) -> None:
        """Keep one of two versions, or both; no file is touched.

        Args:
            first: see `find`.
            second: see `find`.
            kept: one of the two; None for both.

        Raises:
            MvsearchError: no version would be kept, or the folder cannot be written.
        """
        ids = [self.find(one).id for one in (first, second)]
        best = None if kept is None else self.find(kept).id
        with self._changing() as found:
            found.decide(ids[0], ids[1], best)

    def undecide(self, first: str | Video, second: str | Video) -> None:
        """Take a decision back.

        Args:
            first: a video, or the id of one that has left.
            second: as the first.
        """
        from mvsearch.search.review.decisions import order_pair

        ids = [one.id if isinstance(one, Video) else one for one in (first, second)]
        with self._changing() as found:
            found.pairs.pop(order_pair(ids[0], ids[1]), None)

    def surplus(self) -> list[Video]:
        """The videos of which another version is kept, and that version's file is there."""
        decisions, known = self.decisions(), {video.id: video for video in self.videos()}
        surplus = decisions.find_surplus()
        found: set[str] = set()
        for group in decisions.list_groups():
            kept = [known[one] for one in group - surplus if one in known]
            if any(video.path.is_file() for video in kept):
                found |= group & surplus
        return [video for video in known.values() if video.id in found]

    def move_surplus(self, folder: AnyPath) -> list[Path]:
        """Move the files of surplus videos into a folder, and take them out of the library.

        Nothing is overwritten or deleted: a taken name gets a number. The folder is new, empty, or
        one that was made by this; its files are not indexed.

        Returns:
            Where the files are now.

        Raises:
            MvsearchError: a file has changed since it was indexed, and none is moved; or one cannot
                be moved; those before it are moved, and can be moved back.
        """
        from mvsearch.search.review.decisions import list_files
        from mvsearch.search.review.moving import prepare_folder

        place, moved_at = expand_home(folder).absolute(), datetime.now(UTC).isoformat()
        with self._session.using() as library, library.writing():
            files = list_files(self.surplus())
            if not files:
                raise MvsearchError("no file is surplus: decide on a pair first")
            prepare_folder(place)
            moved: list[Path] = []
            for file in files:
                # Stored one by one, so that after a failure the others can be moved back.
                moved.append(self._move(file, place, moved_at))
                library.catalog.drop_locations([file])
            return moved

    def move_back(self) -> list[Path]:
        """Move the files of the last `move_surplus` back to where they were.

        They are in the library again when their folder is indexed.

        Returns:
            Their paths.

        Raises:
            MvsearchError: nothing was moved, or all places are taken; nothing is overwritten.
        """
        from mvsearch.search.review.moving import is_review_folder, move_to

        moves = self.decisions().moves
        if not moves:
            raise MvsearchError("no file was moved away")
        restored: list[Path] = []
        problems: list[MvsearchError] = []
        for move in [one for one in moves if one.moved_at == moves[-1].moved_at]:
            try:
                with self._changing() as found:
                    if not is_review_folder(move.target.parent):
                        raise MvsearchError(f"{move.target.parent} is no folder of a review")
                    if not move_to(move.target, move.source):
                        raise MvsearchError(f"{move.source} is there again: move it away first")
                    found.moves.remove(move)
            except MvsearchError as error:
                problems.append(error)
            else:
                restored.append(move.source)
        if not restored:
            raise problems[0]
        return restored

    def _move(self, file: Path, place: Path, moved_at: str) -> Path:
        """Move a file away and note it; what cannot be noted, as on a full disk, stays."""
        from mvsearch.search.review.decisions import Move
        from mvsearch.search.review.moving import move_into, move_to

        target: Path | None = None
        try:
            with self._changing() as found:
                target = move_into(file, place)
                found.moves.append(Move(file, target, moved_at))
        except MvsearchError:
            if target is not None:
                move_to(target, file)
            raise
        return target

    @contextmanager
    def _changing(self) -> "Iterator[Decisions]":
        with self._session.using() as library, _open_reviews(library).changing() as found:
            yield found


def _open_reviews(library: "Library") -> "Document[Decisions]":
    from mvsearch.search.review.decisions import from_json, to_json
    from mvsearch.store.documents import Document

    return Document(
        library.folder, "reviews", from_json, to_json, is_read_only=library.is_read_only
    )
