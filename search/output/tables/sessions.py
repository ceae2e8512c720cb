"""Formats sessions as a table and as a line of what is liked and disliked."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.search.feedback.records import FeedbackSession
from mvsearch.search.output.report import title_query
from mvsearch.search.output.text import shorten


def print_sessions(sessions: Sequence[FeedbackSession], console: Console) -> None:
    """Print one row per session."""
    if not sessions:
        console.print(Text("there are no sessions: search with --session NAME"))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("session", "asked"):
        table.add_column(name, overflow="fold")
    for name in ("lists", "liked", "disliked"):
        table.add_column(name, justify="right")
    table.add_column("changed", no_wrap=True)
    for one in sessions:
        moment = datetime.fromtimestamp(one.changed_seconds, UTC).astimezone()
        numbers = (len(one.rounds), *_count(one))
        table.add_row(
            Text(one.name),
            Text(shorten(title_query(one.query))),
            *map(str, numbers),
            f"{moment:%Y-%m-%d %H:%M}",
        )
    console.print(table)


def describe_session(session: FeedbackSession) -> str:
    """Its name and how much is judged: `session beach: list 3, 2 liked, 1 disliked`."""
    n_liked, n_disliked = _count(session)
    told = f"list {len(session.rounds)}, {n_liked} liked, {n_disliked} disliked"
    return f"session {session.name}: {told}"


def _count(session: FeedbackSession) -> tuple[int, int]:
    n_liked = sum(one.is_liked for one in session.judgements)
    return n_liked, len(session.judgements) - n_liked
