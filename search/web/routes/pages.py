"""The pages: search, the video with its player, and all videos."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from mvsearch import Video
from mvsearch.search.output.text import describe_sources, describe_tempo
from mvsearch.search.query.language.pointing import point_at
from mvsearch.search.query.query import Section
from mvsearch.search.web.queries.addresses import BrowseRequest, PageRequest
from mvsearch.search.web.requests import Seconds, gather_weights
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.search.web.uploads import Upload, parse_name
from mvsearch.search.web.view_models.cards import (
    Card,
    describe_results,
    describe_videos,
    find_artwork,
    find_picture,
)
from mvsearch.search.web.view_models.listing import list_page
from mvsearch.search.web.view_models.metadata import describe_metadata
from mvsearch.search.web.view_models.moods import describe_moods
from mvsearch.search.web.view_models.watching import describe_lines, describe_source, describe_strip
from mvsearch.store.errors import MvsearchError, NoLibraryError, QueryError, QuerySyntaxError
from mvsearch.store.records import Modality

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

By = Literal["all", "frames", "lyrics", "audio"]

N_SIMILAR = 8
N_SAMPLE = 10


@router.get("/")
def show_search(
    request: Request, served: ServedLibrary, asked: Annotated[PageRequest, Query()]
) -> HTMLResponse:
    """The search page with its results; htmx takes the results alone.

    Results come first with all copies; they then ask for themselves with copies folded.
    """
    answer = _answer(request, served, asked)
    cards = answer.cards
    is_part = "hx-request" in request.headers
    if is_part and asked.fold and not any(card.copies for card in cards or ()):
        return HTMLResponse(status_code=204)  # nothing changes
    address = f"/?{request.url.include_query_params(fold=1).query}"
    given: dict[str, Any] = {"asked": asked, "cards": cards, "problem": answer.problem}
    given |= {"sources": answer.sources, "place": answer.place}
    given["folded"] = address if cards and not asked.fold else None
    given["ask"] = _write_ask(served, asked) if cards else ""
    given["can_keep"] = not served.options.is_read_only
    if is_part:
        return HTMLResponse(render("results.html", n_videos=None, sample=(), **given))
    videos = served.list_videos() if cards is None else ()
    page = render(
        "search.html",
        title=asked.q.strip() or "Search",
        facets=_count_facets(served),
        n_videos=len(videos),
        sample=_choose_sample(served, videos) if videos else (),
        like=_find_video(served, asked.like),
        unlike=_find_video(served, asked.unlike),
        uploads=_list_uploads(served, asked),
        has_weights=gather_weights(asked) is not None,
        **given,
    )
    return HTMLResponse(page)


@router.get("/browse")
def show_videos(
    request: Request, served: ServedLibrary, asked: Annotated[BrowseRequest, Query()]
) -> HTMLResponse:
    """All videos, sorted and filtered."""
    filter = served.to_filter(asked)
    listing = list_page(served.library, asked, filter)
    given: dict[str, Any] = {
        "cards": describe_videos(served.library, listing.videos, filter, asked.sort),
        "n_videos": listing.n_videos,
        "pages": _list_pages(request, asked, listing.n_videos),
    }
    if "hx-request" in request.headers:
        return HTMLResponse(render("videos.html", **given))
    facets = served.library.facets()
    return HTMLResponse(render("browse.html", title="Browse", asked=asked, facets=facets, **given))


@router.get("/video/{video_id}")
def show_video(
    served: ServedLibrary, video_id: str, t: Annotated[Seconds, Query()] = 0.0
) -> HTMLResponse:
    """A video at a time, with its lyrics, stills, tags, and what is similar."""
    entry = served.library.show(video_id)
    video, lyrics = entry.video, entry.lyrics
    stills = served.library.still_seconds([video])
    try:
        way, trouble = served.open_media(video.id).way, ""
    except MvsearchError as error:
        way, trouble = "file", str(error)
    page = render(
        "video.html",
        title=video.title,
        video=video,
        entry=entry,
        start_seconds=min(t, video.duration_seconds or t),
        way=way,
        trouble=trouble,
        poster=("" if t else find_artwork(video)) or find_picture(video, t, stills),
        known=describe_metadata(entry.metadata),
        strip=describe_strip(video, stills.get(video.id, ()), entry.tags),
        moods=describe_moods(entry.moods, video.duration_seconds),
        tempo=describe_tempo(video),
        lines=None if lyrics is None else describe_lines(lyrics),
        source="" if lyrics is None else describe_source(lyrics),
        can_fit=lyrics is not None and lyrics.is_timed and lyrics.source not in ("whisper", "ocr"),
    )
    return HTMLResponse(page)


@router.get("/video/{video_id}/similar")
def show_similar(
    served: ServedLibrary, video_id: str, by: Annotated[By, Query()] = "all"
) -> HTMLResponse:
    """The cards of the videos most similar to one, by all or by one modality."""
    weights: dict[Modality, float] | None = None if by == "all" else {by: 1.0}
    problem, cards = "", list[Card]()
    try:
        found = served.library.similar(video_id, top=N_SIMILAR, weights=weights)
        cards = describe_results(served.library, found, urlencode({"like": video_id}))
    except MvsearchError as error:
        problem = str(error)
    return HTMLResponse(render("similar.html", cards=cards, problem=problem))


@router.get("/video/{video_id}/versions")
def show_versions(served: ServedLibrary, video_id: str) -> HTMLResponse:
    """The versions of a video, of those of the whole library."""
    own = served.library.find(video_id)
    relations = [
        (one, one.second if one.first.id == own.id else one.first)
        for one in served.library.versions().relations
        if own.id in (one.first.id, one.second.id)
    ]
    return HTMLResponse(render("versions.html", relations=relations))


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to a query.

    Attributes:
        cards: of the results; None without a query.
        problem: why there are none.
        place: of an error in a query: its text, and a mark below it.
        sources: which two videos picture and sound of the query are from, or how what fits it was
            found; empty elsewhere.
    """

    cards: list[Card] | None
    problem: str = ""
    sources: str = ""
    place: tuple[str, str] | None = None


def _answer(request: Request, served: Served, asked: PageRequest) -> _Answer:
    if asked.is_empty:
        return _Answer(None)
    given = request.query_params.multi_items()
    kept = [(key, value) for key, value in given if key not in ("fold", "top")]
    query = urlencode(kept) if asked.has_parts else ""
    try:
        if asked.fits:
            found = served.fit(asked.to_search(), asked.fits)
        else:
            found = served.search(asked.to_search())
    except QuerySyntaxError as error:
        return _Answer([], str(error), place=point_at(error.text, error.position))
    except MvsearchError as error:
        return _Answer([], str(error))
    told = f"{found.notes[0].capitalize()}." if asked.fits else describe_sources(found)
    cards = describe_results(served.library, found, query, found.query.filter)
    return _Answer(cards, "", told)


def _write_ask(served: Served, asked: PageRequest) -> str:
    """The search as JSON, to keep it as a session; empty where it cannot be refined."""
    if served.options.is_read_only or asked.fits:
        return ""
    return asked.to_search().model_dump_json(exclude_defaults=True)


def _count_facets(served: Served) -> dict[str, list[tuple[str | int, int]]]:
    """The facets of the library; none where there is no library yet."""
    try:
        return served.library.facets()
    except NoLibraryError:
        return {}


def _choose_sample(served: Served, videos: Sequence[Video]) -> list[Card]:
    """The cards of some videos from all parts of the list, to begin with."""
    some = videos[:: max(1, len(videos) // N_SAMPLE)][:N_SAMPLE]
    return describe_videos(served.library, some)


def _find_video(served: Served, name: str | None) -> Video | None:
    """The video that the query names."""
    try:
        return served.library.find(name) if name else None
    except MvsearchError:
        return None


def _list_uploads(served: Served, asked: PageRequest) -> list[tuple[str, Upload, Section | None]]:
    """The names of the uploads that are still kept, and the sections that they name."""
    found = []
    for name in asked.upload:
        with suppress(QueryError):
            upload_id, section = parse_name(name)
            found.append((name, served.uploads.get(upload_id), section))
    return found


def _list_pages(request: Request, asked: BrowseRequest, n_videos: int) -> dict[str, str]:
    """The addresses of the pages before and after."""
    found = {}
    for name, offset in (
        ("previous", asked.offset - asked.limit),
        ("next", asked.offset + asked.limit),
    ):
        if -asked.limit < offset < n_videos and offset != asked.offset:
            url = request.url.include_query_params(offset=max(offset, 0))
            found[name] = f"{url.path}?{url.query}"
    return found
