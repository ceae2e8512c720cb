"""The pages of sessions: all of them, and one with its last list."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse

from mvsearch import Filter, MvsearchError, VideoNotFoundError
from mvsearch.search.feedback.reason import NAMES
from mvsearch.search.feedback.records import FeedbackSession
from mvsearch.search.feedback.stored import find_session
from mvsearch.search.output.report import title_query
from mvsearch.search.output.text import format_seconds
from mvsearch.search.web.feedback.sessions import RefineRequest, SessionName, refine
from mvsearch.search.web.served import Served, ServedLibrary, check_writable
from mvsearch.search.web.templating import render
from mvsearch.search.web.view_models.cards import Card, describe_results

router = APIRouter(
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(check_writable)],
)

MAX_CHIPS = 60


@dataclass(frozen=True, slots=True)
class JudgedChip:
    """A judgement in words."""

    video_id: str
    is_liked: bool
    told: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in a list."""

    name: str
    asked: str
    n_lists: int
    n_liked: int
    n_disliked: int


@router.get("/sessions")
def show_sessions(served: ServedLibrary) -> HTMLResponse:
    """All sessions, the latest first."""
    rows = [_describe_session(one) for one in served.library.sessions()]
    return HTMLResponse(render("feedback/sessions.html", title="Sessions", rows=rows))


@router.get("/session")
def show_session(served: ServedLibrary, name: Annotated[SessionName, Query()]) -> HTMLResponse:
    """A session: its last list, made of the videos that the library has now."""
    cards, notes, problem = list[Card](), tuple[str, ...](), ""
    try:
        found = refine(served, RefineRequest(name=name))
        cards, notes = describe_results(served.library, found, ""), found.notes
    except VideoNotFoundError:
        raise
    except MvsearchError as error:
        problem = str(error)
    session = find_session({one.name: one for one in served.library.sessions()}, name)
    page = render(
        "feedback/session.html",
        title=session.name,
        asked=title_query(session.query),
        session=session,
        judged=list(_describe_judgements(served, session))[-MAX_CHIPS:],
        notes=notes,
        cards=cards,
        problem=problem,
    )
    return HTMLResponse(page)


def _describe_session(session: FeedbackSession) -> SessionRow:
    n_liked = sum(one.is_liked for one in session.judgements)
    n_disliked = len(session.judgements) - n_liked
    numbers = len(session.rounds), n_liked, n_disliked
    return SessionRow(session.name, title_query(session.query), *numbers)


def _describe_judgements(served: Served, session: FeedbackSession) -> Iterator[JudgedChip]:
    """The judgements, the latest last: `liked: look of Paper Moon`."""
    ids = tuple({one.video_id for one in session.judgements})
    videos = served.library.videos(Filter(ids=ids)) if ids else []
    titles = {video.id: video.title for video in videos}
    for one in session.judgements:
        what = " and ".join(NAMES[modality] for modality in one.modalities)
        title = titles.get(one.video_id, "a video that has left")
        when = "" if one.start_seconds is None else f" at {format_seconds(one.start_seconds)}"
        verb = "liked" if one.is_liked else "disliked"
        told = f"{verb}: {what} of {title}" if what else f"{verb}: {title}"
        yield JudgedChip(one.video_id, one.is_liked, told + when)
