"""The page that tells why a video answers a query: pieces of both beside each other."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from mvsearch import Pair, Video
from mvsearch.search.web.queries.addresses import PageRequest
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.search.web.view_models.beside import describe_pairs
from mvsearch.store.errors import MvsearchError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

N_PAIRS = 6


@router.get("/video/{video_id}/why")
def show_reasons(
    served: ServedLibrary, video_id: str, asked: Annotated[PageRequest, Query()]
) -> HTMLResponse:
    """The pairs of the most similar pieces, by look, lyrics and sound."""
    video = served.library.find(video_id)
    like = None if asked.like is None else served.library.find(asked.like)
    pairs, problem = _explain(served, video, asked)
    page = render(
        "why.html",
        title=f"Why {video.title}",
        asked=asked,
        video=video,
        like=like,
        groups=describe_pairs(pairs, video, asked.upload),
        problem=problem,
    )
    return HTMLResponse(page)


def _explain(served: Served, video: Video, asked: PageRequest) -> tuple[tuple[Pair, ...], str]:
    """The pairs, or what is wrong with the query."""
    try:
        return served.explain(video.id, asked.to_search(), N_PAIRS), ""
    except MvsearchError as error:
        return (), str(error)
