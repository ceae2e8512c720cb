"""The map: videos on a plane, of which a part becomes a filter."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from mvsearch.search.layout import LayoutBy
from mvsearch.search.web.requests import FilterFields
from mvsearch.search.web.served import ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.store.records import MOOD_REGIONS
from mvsearch.store.unicode import printable

router = APIRouter(tags=["map"])


class MapRequest(FilterFields):
    """The videos to place, and by what."""

    by: LayoutBy = "frames"


@router.get("/api/v1/map")
def lay_out(served: ServedLibrary, asked: Annotated[MapRequest, Query()]) -> dict[str, Any]:
    """Where the videos lie, each coordinate from 0 to 1; similar ones are near each other.

    By mood, x is the valence and y is 1 − arousal, so that the excited are above. A polygon on it
    is a filter: `region=frames:0.1,0.1;0.5,0.1;0.5,0.9`.
    """
    layout = served.library.layout(asked.by)
    known = {video.id: video for video in served.library.videos(served.to_filter(asked))}
    points = [
        {
            "id": video_id,
            "x": round(float(x), 4),
            "y": round(float(y), 4),
            "title": printable(known[video_id].title),
            "artist": printable(known[video_id].artist or ""),
        }
        for video_id, (x, y) in zip(layout.video_ids, layout.points, strict=True)
        if video_id in known
    ]
    return {
        "by": asked.by,
        "explained": round(layout.explained, 4),
        "left_out": len(known) - len(points),
        "points": points,
    }


@router.get("/map", include_in_schema=False)
def show_map(served: ServedLibrary, asked: Annotated[MapRequest, Query()]) -> HTMLResponse:
    """The map as a page, whose script asks for the places."""
    page = render(
        "explore/map.html", title="Map", by=asked.by, region=asked.region or "",
        n_videos=len(served.library.videos()),
        places=[(name, *one.typical) for name, one in MOOD_REGIONS.items()],
    )  # fmt: skip
    return HTMLResponse(page)
