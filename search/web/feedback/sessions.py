"""The endpoints of sessions: keeping a search, refining it, naming and deleting."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator

from mvsearch import Filter, Result, SearchResults
from mvsearch.search.feedback.judging import OneJudged
from mvsearch.search.feedback.records import MAX_NAME_LETTERS, MAX_SHOWN, Judgement
from mvsearch.search.web.requests import MAX_TOP, Name, SearchRequest, Seconds, Strict
from mvsearch.search.web.served import Served, ServedLibrary, check_writable
from mvsearch.store.records import MODALITIES, Modality

router = APIRouter(prefix="/api/v1", tags=["sessions"])

# Longer ones are refused by the session, which says what a name is.
SessionName = Annotated[str, Field(max_length=5 * MAX_NAME_LETTERS)]
JudgedText = Annotated[str, Field(max_length=1000)]
Number = Annotated[int, Field(ge=0, le=10**6)]


class JudgementFields(Strict):
    """A judgement of a video by its id; see `Judgement`."""

    video_id: Name
    modalities: Annotated[tuple[Modality, ...], Field(max_length=len(MODALITIES))] = ()
    start_seconds: Seconds | None = None
    end_seconds: Seconds | None = None

    @model_validator(mode="after")
    def _check_times(self) -> "JudgementFields":
        times = self.start_seconds, self.end_seconds
        if (times[0] is None) != (times[1] is None) or (times[0] or 0) > (times[1] or 0):
            raise ValueError("a moment has a start and an end behind it")
        if not self.video_id:
            raise ValueError("a video has an id")
        return self

    def to_judgement(self) -> Judgement:
        """The judgement; whether it is liked is decided later."""
        times = self.start_seconds, self.end_seconds
        return Judgement(self.video_id, True, self.modalities, *times)


OneField = Number | JudgedText | JudgementFields
JudgedList = Annotated[tuple[OneField, ...], Field(max_length=MAX_SHOWN)]


class KeepRequest(SearchRequest):
    """A search to keep as a session; see `VideoLibrary.keep_session`.

    Attributes:
        shown: the ids of the results that were shown; None for those of the search.
    """

    name: SessionName | None = None
    shown: Annotated[list[Name], Field(max_length=MAX_SHOWN)] | None = None
    replace: bool = False


class RefineRequest(Strict):
    """Judgements of the last list of a session; see `VideoLibrary.refine`."""

    name: SessionName
    like: JudgedList = ()
    dislike: JudgedList = ()
    forget: Annotated[tuple[Name, ...], Field(max_length=MAX_SHOWN)] = ()
    undo: bool = False
    new: bool = False
    top: Annotated[int, Field(ge=1, le=MAX_TOP)] | None = None


class RenameRequest(Strict):
    """A new name for a session."""

    name: SessionName
    to: SessionName
    replace: bool = False


@router.get("/sessions")
def list_sessions(served: ServedLibrary) -> list[dict[str, Any]]:
    """The sessions, the latest first."""
    return [one.to_dict() for one in served.library.sessions()]


@router.post("/sessions", status_code=201, dependencies=[Depends(check_writable)])
def keep_session(served: ServedLibrary, asked: KeepRequest) -> dict[str, Any]:
    """Keep a search, with the results that were shown, to refine it."""
    found = served.search(asked)
    if asked.shown is not None:
        found = replace(found, results=_list_shown(served, found, asked.shown))
    return served.library.keep_session(asked.name, found, replace=asked.replace).to_dict()


@router.post("/sessions/refine", dependencies=[Depends(check_writable)])
def refine_session(served: ServedLibrary, asked: RefineRequest) -> dict[str, Any]:
    """Search again by what is liked and disliked of the last list."""
    return refine(served, asked).to_dict()


@router.post("/sessions/rename", dependencies=[Depends(check_writable)])
def rename_session(served: ServedLibrary, asked: RenameRequest) -> dict[str, Any]:
    """Give a session a name, under which it is kept until it is deleted."""
    return served.library.rename_session(asked.name, asked.to, replace=asked.replace).to_dict()


@router.delete("/sessions", dependencies=[Depends(check_writable)])
def delete_session(served: ServedLibrary, name: SessionName) -> dict[str, str]:
    """Delete a session; no video is touched."""
    served.library.delete_session(name)
    return {"name": name}


def refine(served: Served, asked: RefineRequest) -> SearchResults:
    """The new list of a session."""
    with served.uploads.remembering() as memory:
        return served.library.refine(
            asked.name,
            like=_read(asked.like),
            dislike=_read(asked.dislike),
            forget=asked.forget,
            undo=asked.undo,
            new=asked.new,
            top=asked.top,
            memory=memory,
        )


def _read(given: tuple[OneField, ...]) -> list[OneJudged]:
    return [one.to_judgement() if isinstance(one, JudgementFields) else one for one in given]


def _list_shown(served: Served, found: SearchResults, shown: list[str]) -> tuple[Result, ...]:
    """The results that were shown; those that are not found any more are bare."""
    known = {result.video.id: result for result in found}
    lacking = tuple(one for one in shown if one not in known)
    others = served.library.videos(Filter(ids=lacking)) if lacking else []
    known |= {video.id: Result(1, 0.0, video) for video in others}
    listed = [known[one] for one in dict.fromkeys(shown) if one in known]
    return tuple(replace(one, rank=rank) for rank, one in enumerate(listed, start=1))
