"""Stores sessions with a library, and says what is wrong with a name."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from mvsearch.search.feedback.media_copies import drop_unused
from mvsearch.search.feedback.records import MAX_NAME_LETTERS, FeedbackSession, check_name
from mvsearch.store.documents import Document
from mvsearch.store.errors import LibraryBusyError, MvsearchError, QueryError, VideoNotFoundError
from mvsearch.store.library import Library
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_KEPT = 200
# Sessions without a name of the user: the oldest make room.
MAX_OTHERS = 50

Sessions = dict[str, FeedbackSession]


def open_sessions(library: Library) -> Document[Sessions]:
    """The sessions of a library, by name."""
    return Document(library.files, "sessions", _parse, _write, is_read_only=library.is_read_only)


def find_session(stored: Mapping[str, FeedbackSession], name: str) -> FeedbackSession:
    """A session by its name.

    Raises:
        VideoNotFoundError: there is none.
    """
    if name not in stored:
        known = ", ".join(list(stored)[-5:])
        hint = f"; there is {known}" if known else ": there is no session yet"
        raise VideoNotFoundError(f"there is no session called {printable(name)[:100]}{hint}")
    return stored[name]


def add(
    library: Library, begun: FeedbackSession, name: str | None, title: str, *, may_replace: bool
) -> FeedbackSession:
    """Store a new session.

    Args:
        library: with which it is stored.
        begun: the session, whose name does not matter.
        name: of the user; None for one that no session has, made of the title.
        title: of what was asked.
        may_replace: whether another session of the user's name may be replaced.

    Raises:
        QueryError: the name is none, or the session cannot be written so that it can be read again.
        MvsearchError: the name is taken, there are too many, or the folder cannot be written.
    """
    with open_sessions(library).changing() as stored:
        if name is not None:
            refuse_taken(stored, name, may_replace=may_replace)
        chosen = _choose_name(title, stored) if name is None else name
        session = replace(begun, name=chosen, is_kept=name is not None)
        _put(stored, session)
    drop_unused(library.files, stored.values())
    return session


def store(library: Library, session: FeedbackSession, before: FeedbackSession) -> None:
    """Store a session that was changed.

    Args:
        library: with which it is stored.
        session: as it is now.
        before: as it was read.

    Raises:
        QueryError: it cannot be written so that it can be read again.
        LibraryBusyError: somebody else has changed it meanwhile.
        MvsearchError: the folder cannot be written.
    """
    with open_sessions(library).changing() as stored:
        if stored.get(before.name) != before:
            raise LibraryBusyError(
                f"the session {before.name} was changed by another process: show it again"
            )
        _put(stored, session)
    drop_unused(library.files, stored.values())


def rename(library: Library, name: str, to: str, *, may_replace: bool) -> FeedbackSession:
    """Give a session a name of the user, under which it is kept.

    Args:
        library: with which it is stored.
        name: so far.
        to: the new one.
        may_replace: whether another session of this name may be replaced.

    Raises:
        VideoNotFoundError: there is no such session.
        QueryError: the name is none.
        MvsearchError: the name is taken, there are too many, or the folder cannot be written.
    """
    with open_sessions(library).changing() as stored:
        before = find_session(stored, name)
        refuse_taken(stored, to, may_replace=may_replace or to == name)
        del stored[name]
        named = replace(before, name=to, is_kept=True)
        _put(stored, named)
    drop_unused(library.files, stored.values())
    return named


def delete(library: Library, name: str) -> None:
    """Delete a session.

    Raises:
        VideoNotFoundError: there is none of this name.
        MvsearchError: the folder cannot be written.
    """
    with open_sessions(library).changing() as stored:
        del stored[find_session(stored, name).name]
    drop_unused(library.files, stored.values())


def _put(stored: Sessions, session: FeedbackSession) -> None:
    """Put a session behind the others, in the place of the one of its name."""
    _check_readable(session)
    stored.pop(session.name, None)
    stored[session.name] = session
    _make_room(stored)


def refuse_taken(stored: Mapping[str, FeedbackSession], name: str, *, may_replace: bool) -> None:
    """Refuse a name that another session has.

    Raises:
        MvsearchError: it is taken, or no name.
    """
    check_name(name)
    if name in stored and not may_replace:
        raise MvsearchError(f"there is a session called {printable(name)} already")


def _choose_name(begin: str, taken: Iterable[str]) -> str:
    """A name that no session has, from what was asked."""
    begin = printable(begin)[: MAX_NAME_LETTERS - 10].strip() or "search"
    used = set(taken)
    numbered = (f"{begin} {number}" for number in range(2, len(used) + 3))
    return begin if begin not in used else next(one for one in numbered if one not in used)


def _make_room(stored: Sessions) -> None:
    others = [name for name, one in stored.items() if not one.is_kept]
    for name in others[: max(0, len(others) - MAX_OTHERS)]:
        del stored[name]
    if len(stored) - len(others) > MAX_KEPT:
        raise MvsearchError(f"there are at most {MAX_KEPT} sessions: delete one")


def _check_readable(session: FeedbackSession) -> None:
    """Check that the session can be read again, so that no file is ever written that cannot."""
    refused = QueryError("this search cannot be kept as a session")
    try:
        found = _parse(_write({session.name: session}))
    except ValueError:
        raise refused from None
    if found != {session.name: session}:
        raise refused


@cache
def _adapter() -> "TypeAdapter[list[FeedbackSession]]":
    from pydantic import TypeAdapter

    return TypeAdapter(list[FeedbackSession])


def _parse(given: Any) -> Sessions:
    """The sessions by name, out of JSON."""
    found = _adapter().validate_python(given or [])
    if len(found) > MAX_KEPT + MAX_OTHERS:
        raise ValueError("too many sessions")
    for one in found:
        _ = one.query  # it can be asked
    return {one.name: one for one in found}


def _write(sessions: Sessions) -> list[Any]:
    return [write_session(one) for one in sessions.values()]


def write_session(session: FeedbackSession) -> Any:
    """A session as JSON, without pydantic: every search of the command line is written so."""
    return json.loads(json.dumps(asdict(session), default=str))


def read_session(given: Any) -> FeedbackSession:
    """A session out of the JSON of a stranger.

    Raises:
        ValueError, MvsearchError: it is something else.
    """
    (found,) = _adapter().validate_python([given])
    return found
