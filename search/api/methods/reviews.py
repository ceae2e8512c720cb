"""A review of versions: what is kept, and what becomes of surplus files."""

from collections.abc import Iterator, Sequence
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
    from mvsearch.search.review.undo_file import PlannedMove
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
            return open_reviews(library).read()

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
        """The videos of which another version is kept, and that version's file is there.

        Those that were moved away are left out.
        """
        from mvsearch.search.review.moving import is_review_folder

        decisions, known = self.decisions(), {video.id: video for video in self.videos()}
        surplus = decisions.find_surplus()
        found: set[str] = set()
        for group in decisions.list_groups():
            kept = [known[one] for one in group - surplus if one in known]
            if any(video.path.is_file() for video in kept):
                found |= group & surplus
        videos = (video for video in known.values() if video.id in found)
        return [video for video in videos if not is_review_folder(video.path.parent)]

    def move_surplus(self, folder: AnyPath) -> list[Path]:
        """Move the files of surplus videos into a folder; the library follows them.

        The files that belong to a video, such as lyrics, go with it. Nothing is overwritten or
        deleted: a taken name gets a number. The folder is new, empty, or one that was made by this,
        also on another drive; its files are not indexed. Each move is written into an undo file
        in it before it is done; see `undo_moves`.

        Returns:
            Where the files of the videos are now.

        Raises:
            MvsearchError: a file has changed since it was indexed, and none is moved; or one cannot
                be moved; those before it are moved, and can be moved back.
        """
        from mvsearch.search.review.decisions import list_files
        from mvsearch.search.review.moving import prepare_folder
        from mvsearch.search.review.undo_file import name_undo_file

        place, moved_at = expand_home(folder).absolute(), datetime.now(UTC).isoformat()
        with self._session.using() as library, library.writing():
            files = list_files(self.surplus())
            if not files:
                raise MvsearchError("no file is surplus: decide on a pair first")
            prepare_folder(place)
            undo = name_undo_file(place, moved_at)
            # Stored one by one, so that after a failure the others can be moved back.
            return [self._move(library, file, undo, moved_at) for file in files]

    def move_back(self) -> list[Path]:
        """Move the files of the last `move_surplus` back to where they were; the library follows.

        Returns:
            Their paths.

        Raises:
            MvsearchError: nothing was moved, or all places are taken; nothing is overwritten.
        """
        from mvsearch.search.review.moving import is_review_folder
        from mvsearch.search.review.undo_file import PlannedMove

        moves = self.decisions().moves
        if not moves:
            raise MvsearchError("no file was moved away")
        last = [one for one in moves if one.moved_at == moves[-1].moved_at]
        for move in last:
            if not is_review_folder(move.target.parent):
                raise MvsearchError(f"{move.target.parent} is no folder of a review")
        planned = [PlannedMove(one.source, one.target) for one in last]
        self._check_moves(planned)
        return self._restore(planned)

    def undo_moves(self, file: AnyPath) -> list[Path]:
        """Move files back by the undo file of their folder, also after a move that was killed.

        Args:
            file: that `move_surplus` wrote into the folder.

        Returns:
            The paths where files are again; empty if all were there already.

        Raises:
            MvsearchError: it is no undo file, or names places that are none of this library; or all
                places are taken. Nothing is overwritten.
        """
        from mvsearch.search.review.undo_file import drop_parts, read_moves

        place = expand_home(file).absolute()
        moves = read_moves(place)
        self._check_moves(moves)
        restored = self._restore(moves)
        drop_parts(place.parent)
        return restored

    def _check_moves(self, moves: "Sequence[PlannedMove]") -> None:
        """Check that files would come back to places of this library only."""
        from mvsearch.search.review.undo_file import is_below, may_be_ours

        with self._session.using() as library:
            noted = {(one.source, one.target) for one in open_reviews(library).read().moves}
            folders = library.catalog.folders()
            for move in moves:
                is_known = (
                    (move.source, move.target) in noted
                    or is_below(move, folders)
                    or library.catalog.location(move.source) is not None
                )
                if not (is_known and may_be_ours(move)):
                    raise MvsearchError(
                        f"{move.source} is no place of this library, and nothing was moved: index"
                        " its folder first, or move the file by hand"
                    )

    def _restore(self, moves: "Sequence[PlannedMove]") -> list[Path]:
        """Undo moves; what cannot be undone is told only if nothing can."""
        from mvsearch.search.review.undo_file import restore

        restored: list[Path] = []
        problems: list[MvsearchError] = []
        with self._session.using() as library, library.writing():
            for move in moves:
                try:
                    with self._changing() as found:
                        is_back = restore(move)
                        found.forget_move(move.source, move.target)
                    library.catalog.move_location(move.target, move.source)
                except MvsearchError as error:
                    problems.append(error)
                else:
                    restored += [move.source] if is_back else []
        if problems and not restored:
            raise problems[0]
        return restored

    def _move(self, library: "Library", video: Path, undo: Path, moved_at: str) -> Path:
        """Move the files of a video away and note it; what cannot be noted stays."""
        from mvsearch.search.review.decisions import Move
        from mvsearch.search.review.moving import find_free_names, move_to
        from mvsearch.search.review.sidecars import list_sidecars
        from mvsearch.search.review.undo_file import PlannedMove, restore, write_ahead

        files = [video, *list_sidecars(video)]
        targets = find_free_names(video, files[1:], undo.parent)
        moves = [PlannedMove(*pair) for pair in zip(files, targets, strict=True)]
        write_ahead(undo, moves)
        done: list[PlannedMove] = []
        try:
            with self._changing() as found:
                for move in moves:
                    if not move_to(move.source, move.target):
                        raise MvsearchError(f"{move.target} is taken: try again")
                    done.append(move)
                    found.moves.append(Move(move.source, move.target, moved_at))
        except MvsearchError:
            for move in reversed(done):
                restore(move)
            raise
        library.catalog.move_location(video, targets[0])
        return targets[0]

    @contextmanager
    def _changing(self) -> "Iterator[Decisions]":
        with self._session.using() as library, open_reviews(library).changing() as found:
            yield found


def open_reviews(library: "Library") -> "Document[Decisions]":
    """The decisions on versions of a library."""
    from mvsearch.search.review.decisions import from_json, to_json
    from mvsearch.store.documents import Document

    return Document(library.files, "reviews", from_json, to_json, is_read_only=library.is_read_only)
