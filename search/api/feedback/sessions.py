"""Sessions of a library: searches that are refined by what is liked and disliked."""

import time
from collections.abc import Sequence
from dataclasses import replace as change
from typing import TYPE_CHECKING

from mvsearch.search.api.methods.contents import Contents
from mvsearch.search.results import SearchResults
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Video

if TYPE_CHECKING:
    from mvsearch.search.feedback.judging import Judged
    from mvsearch.search.feedback.records import FeedbackSession
    from mvsearch.search.options import SearchOptions
    from mvsearch.search.query.encode import Made
    from mvsearch.store.library import Library


class FeedbackSessions(Contents):
    """The sessions of an open library."""

    def keep_session(
        self, name: str | None, results: SearchResults, *, replace: bool = False
    ) -> "FeedbackSession":
        """Keep a search, with the results that it showed, to refine it with `refine`.

        It lies in the library's folder, with copies of pictures, clips and sounds in memory; of a
        file, its path is kept.

        Args:
            name: up to 100 letters; None chooses one. Sessions without a name of yours are kept
                until fifty others are newer.
            results: of `search` or `contrast`.
            replace: whether a session of this name may be replaced.

        Raises:
            QueryError: the name is invalid, or the search cannot be kept.
            MvsearchError: the name is taken, there are too many sessions, or the folder cannot be
                written.
        """
        from mvsearch.search.feedback.stored import add, open_sessions, refuse_taken
        from mvsearch.search.output.report import title_query

        with self._session.using() as library:
            # Before copies are written.
            sessions = open_sessions(library)
            sessions.check_writable()
            known = sessions.read()
            if name is not None:
                refuse_taken(known, name, may_replace=replace)
            begun = _begin(library, results)
            return add(library, begun, name, title_query(begun.query), may_replace=replace)

    def refine(
        self,
        session: str,
        *,
        like: "Judged" = (),
        dislike: "Judged" = (),
        forget: str | Video | Sequence[str | Video] = (),
        undo: bool = False,
        new: bool = False,
        top: int | None = None,
        memory: "Made | None" = None,
    ) -> SearchResults:
        """Search again by what is liked and disliked of the last list of a session.

        Without anything, the last list is made again, of the videos that the library has now.

        Args:
            session: its name.
            like: what is liked of the last list: numbers from 1, or texts such as "2:sound" or
                "2@1:05-1:10:look+sound", or several of them.
            dislike: likewise. What is neither liked nor disliked counts as not chosen.
            forget: videos whose judgements are taken back.
            undo: whether the last list and the judgements that led to it are taken back.
            new: whether what was shown before is left out of the new list; without a judgement, it
                is the next page.
            top: maximum number of results of this list; None for that of the session.
            memory: see `VideoLibrary.search`.

        Returns:
            The new list, whose results have `feedback`, with its `session`.

        Raises:
            VideoNotFoundError: there is no such session.
            QueryError: a judged result was not shown, has nothing of what is judged, or is liked
                and disliked; or the query cannot be read any more.
            LibraryBusyError: somebody else refines the session at the same time.
            MvsearchError: the library is empty, closed or does not exist.
        """
        from mvsearch.search.feedback.stored import find_session, open_sessions, store

        with self._session.using() as library:
            before = find_session(open_sessions(library).read(), session)
            asked = _change(before, like, dislike, undo=undo, new=new)
            if names := [forget] if isinstance(forget, str | Video) else [*forget]:
                asked = asked.forget(self._find_judged(names, asked))
            options = asked.options if top is None else change(asked.options, top=top)
            found = self._answer(library, asked, options, memory)
            after = asked.show(tuple(result.video.id for result in found))
            if after != before:
                after = change(after, changed_seconds=time.time())
                store(library, after, before)
            return change(found, session=after)

    def sessions(self) -> "list[FeedbackSession]":
        """The sessions, the latest first.

        Raises:
            LibraryDamagedError: their file cannot be read.
        """
        from mvsearch.search.feedback.stored import open_sessions

        with self._session.using() as library:
            return [*reversed(open_sessions(library).read().values())]

    def rename_session(
        self, session: str, name: str, *, replace: bool = False
    ) -> "FeedbackSession":
        """Give a session a name, under which it is kept until it is deleted.

        Args:
            session: its name so far.
            name: up to 100 letters.
            replace: whether another session of this name may be replaced.

        Raises:
            VideoNotFoundError: there is no such session.
            MvsearchError: the name is taken or invalid, or there are too many.
        """
        from mvsearch.search.feedback.stored import rename

        with self._session.using() as library:
            return rename(library, session, name, may_replace=replace)

    def delete_session(self, session: str) -> None:
        """Delete a session; no video is touched.

        Raises:
            VideoNotFoundError: there is no such session.
        """
        from mvsearch.search.feedback.stored import delete

        with self._session.using() as library:
            delete(library, session)

    def _find_judged(
        self, names: "Sequence[str | Video]", session: "FeedbackSession"
    ) -> frozenset[str]:
        """The ids of judged videos, which may have left the library.

        Raises:
            QueryError: one is not judged.
        """
        judged = {one.video_id for one in session.judgements}
        ids = {
            name.id if isinstance(name, Video) else name if name in judged else self.find(name).id
            for name in names
        }
        if ids <= judged:
            return frozenset(ids)
        raise QueryError(f"{session.name} has no judgement of this video to forget")

    def _answer(
        self,
        library: "Library",
        session: "FeedbackSession",
        options: "SearchOptions",
        memory: "Made | None",
    ) -> SearchResults:
        """The last list of a session."""
        from mvsearch.search.api.notes import list_notes
        from mvsearch.search.feedback.media_copies import restore_part
        from mvsearch.search.feedback.refine import note_removed, refine

        parts = tuple(restore_part(library.files, part) for part in session.parts)
        query = session.make_query(parts)
        engine = self._session.engine(library)
        results = refine(engine, query, session, options, memory)
        notes = (*list_notes(query, library.catalog), *note_removed(library, session))
        return SearchResults(query, options, tuple(results), notes)


def _begin(library: "Library", results: SearchResults) -> "FeedbackSession":
    """A session of a search, without a name; copies of its media are written."""
    from mvsearch.search.feedback.media_copies import keep_part
    from mvsearch.search.feedback.records import MAX_SHOWN, FeedbackSession, Round, write_maybe

    if any(result.mood for result in results):
        raise QueryError("what fits by mood is no search that can be refined")
    return FeedbackSession(
        "new",
        tuple(keep_part(library.files, part) for part in results.query.parts),
        results.query.filter,
        results.options,
        (Round(tuple(result.video.id for result in results[:MAX_SHOWN])),),
        changed_seconds=time.time(),
        expression=write_maybe(results.query.expression),
    )


def _change(
    session: "FeedbackSession",
    like: "Judged",
    dislike: "Judged",
    *,
    undo: bool,
    new: bool,
) -> "FeedbackSession":
    """The session with an empty last list, or the last list that is made again."""
    from mvsearch.search.feedback.judging import read_judgements

    judged = read_judgements(session, like, dislike)
    if undo and (judged or new):
        raise QueryError("a judgement is taken back or made, not both")
    if undo:
        return session.undo()
    return session.judge(judged, is_new=new) if judged or new else session
