"""The review of duplicates and versions: what to keep, and where surplus files go."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from mvsearch import Video
from mvsearch.search.api.methods.reports import read_relations
from mvsearch.search.output.tables.versions import KIND_LABELS, format_offset
from mvsearch.search.review.decisions import order_pair, to_json
from mvsearch.search.web.jobs.board import find_running
from mvsearch.search.web.options import check_folder
from mvsearch.search.web.requests import FilePath, Name, Strict
from mvsearch.search.web.served import Served, ServedLibrary, check_writable
from mvsearch.search.web.templating import render
from mvsearch.search.web.view_models.cards import find_picture
from mvsearch.store.errors import NoLibraryError
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.search.api.methods.reports import Relation

router = APIRouter(tags=["review"])

MAX_SHOWN = 60


class PairRequest(Strict):
    """A decision on two versions.

    Attributes:
        kept: the id of one of both; None to keep both.
    """

    first: Name
    second: Name
    kept: Name | None = None


class MoveRequest(Strict):
    """A folder on the server for surplus files."""

    folder: FilePath


class UndoRequest(Strict):
    """An undo file on the server."""

    file: FilePath


@dataclass(frozen=True, slots=True)
class Side:
    """One of two versions, with what helps to choose."""

    video: Video
    picture: str
    size: str
    is_there: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions.

    Attributes:
        why: what agrees and what differs.
        decision: "open", "both", or the id of the kept one.
    """

    kind: str
    label: str
    confidence: float
    offset: str
    sides: tuple[Side, Side]
    why: tuple[str, ...]
    decision: str


@router.get("/api/v1/review")
def list_decisions(served: ServedLibrary) -> dict[str, Any]:
    """The decisions: `pairs` of two ids and the kept one; and `moves` of files, with times."""
    return to_json(served.library.decisions())


@router.post("/api/v1/review", dependencies=[Depends(check_writable)])
def decide(served: ServedLibrary, asked: PairRequest) -> dict[str, Any]:
    """Keep one of two versions, or both; no file is touched."""
    served.library.decide(asked.first, asked.second, asked.kept)
    return {**asked.model_dump(), "surplus": _count_surplus(served)}


@router.delete("/api/v1/review", dependencies=[Depends(check_writable)])
def undecide(served: ServedLibrary, first: Name, second: Name) -> dict[str, Any]:
    """Take a decision back."""
    served.library.undecide(first, second)
    return {"first": first, "second": second, "surplus": _count_surplus(served)}


@router.get("/api/v1/review/surplus")
def list_surplus(served: ServedLibrary) -> list[dict[str, Any]]:
    """The videos of which another version is kept."""
    return [video.to_dict() for video in served.library.surplus()]


@router.get("/api/v1/review/surplus.txt", response_class=Response)
def write_surplus(served: ServedLibrary) -> Response:
    """The paths of their files, one a line."""
    paths = [p for video in served.library.surplus() for p in (video.path, *video.other_paths)]
    headers = {"Content-Disposition": 'attachment; filename="surplus.txt"'}
    text = "".join(f"{printable(path)}\n" for path in paths)
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


@router.post("/api/v1/review/move", dependencies=[Depends(check_writable)])
def move_surplus(served: ServedLibrary, asked: MoveRequest) -> dict[str, Any]:
    """Move surplus files into a folder that may be indexed; it is new, or of an earlier move."""
    folder = Path(asked.folder)
    parent = check_folder(folder.parent, served.list_roots())
    moved = served.library.move_surplus(parent / folder.name)
    return {"files": [printable(path) for path in moved]}


@router.post("/api/v1/review/move-back", dependencies=[Depends(check_writable)])
def move_back(served: ServedLibrary) -> dict[str, Any]:
    """Move the files of the last move back; the library follows."""
    return {"files": [printable(path) for path in served.library.move_back()]}


@router.post("/api/v1/review/undo", dependencies=[Depends(check_writable)])
def undo_moves(served: ServedLibrary, asked: UndoRequest) -> dict[str, Any]:
    """Move files back by the undo file of a folder that may be indexed."""
    file = Path(asked.file)
    folder = check_folder(file.parent, served.list_roots())
    return {"files": [printable(path) for path in served.library.undo_moves(folder / file.name)]}


@router.get("/review", include_in_schema=False)
def show_review(
    served: ServedLibrary,
    kind: Annotated[str, Query(max_length=20)] = "",
    show: Annotated[str, Field(pattern="^(open|decided)$")] = "open",
) -> HTMLResponse:
    """The pairs that wait for a decision, or those that have one."""
    relations = served.find_found("versions", "all", lambda job: read_relations(job.result))
    shown: list[tuple[Relation, str]] = []
    counts: dict[str, int] = {}
    decisions = served.library.decisions()
    for relation in relations or ():
        decision = _find_decision(relation, decisions.pairs)
        if (decision == "open") != (show == "open"):
            continue
        counts[relation.kind] = counts.get(relation.kind, 0) + 1
        if kind in ("", relation.kind) and len(shown) < MAX_SHOWN:
            shown.append((relation, decision))
    videos = [video for one, _ in shown for video in (one.first, one.second)]
    stills = served.library.still_seconds(videos) if videos else {}
    page = render(
        "curate/review.html",
        title="Versions",
        is_known=relations is not None,
        pairs=[_describe(stills, relation, decision) for relation, decision in shown],
        counts=counts,
        labels=KIND_LABELS,
        kind=kind,
        show=show,
        running=find_running(served.jobs, "versions"),
        n_surplus=_count_surplus(served),
        n_moved=len(decisions.moves),
        roots=[] if served.options.is_read_only else served.list_roots(),
        is_read_only=served.options.is_read_only,
    )
    return HTMLResponse(page)


def _count_surplus(served: Served) -> int:
    try:
        return len(served.library.surplus())
    except NoLibraryError:
        return 0


def _find_decision(relation: "Relation", pairs: dict[tuple[str, str], str | None]) -> str:
    pair = order_pair(relation.first.id, relation.second.id)
    return (pairs[pair] or "both") if pair in pairs else "open"


def _describe(stills: Any, relation: "Relation", decision: str) -> Pair:
    videos = (relation.first, relation.second)
    first, second = (_describe_side(video, stills) for video in videos)
    return Pair(
        relation.kind,
        KIND_LABELS[relation.kind],
        relation.confidence,
        format_offset(relation.offset_seconds),
        (first, second),
        tuple(one["text"] for one in relation.to_dict()["evidence"].values()),
        decision,
    )


def _describe_side(video: Video, stills: Any) -> Side:
    try:
        n_bytes = video.path.stat().st_size
    except OSError:
        return Side(video, "", "its file is missing", is_there=False)
    size = f"{n_bytes / 2**20:,.1f} MB" if n_bytes >= 2**20 else f"{n_bytes / 1024:,.0f} KB"
    return Side(video, find_picture(video, video.duration_seconds / 3, stills), size, is_there=True)
