"""Builds the common frame of HTML pages with video stills."""

import base64
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from mvsearch.search.output.text import format_seconds
from mvsearch.store.records import Video

# Id of a video, and the second at which it is looked at.
Place = tuple[str, float]

# Of all the pictures of a page, in the characters that they take there; about 800 pictures.
MAX_PICTURE_BYTES = 2_200_000
N_AT_ONCE = 200

NO_PICTURE = '<span class="still none" role="img" aria-label="no picture"></span>'
PICTURE_STYLE = """
.still { display: block; width: 100%; height: 100%; background: center / cover no-repeat; }
.still.none { display: grid; place-items: center; color: var(--soft); font-size: 1.6rem; }
.still.none::before { content: "♪"; opacity: .5; }
"""


class StillSource(Protocol):
    """Where the pictures of a page come from."""

    def list_seconds(self, videos: Sequence[Video]) -> Mapping[str, Sequence[float]]:
        """The times of the stills of these videos, in order, by id."""

    def read(self, places: Sequence[Place]) -> Iterable[tuple[Place, bytes]]:
        """The stills at such times, each a WebP that is safe to show."""


@dataclass(frozen=True, slots=True)
class PictureSheet:
    """The pictures of a page, each once, as rules of its style sheet.

    Attributes:
        style: a rule a picture.
        seconds: the times of the pictures of each video, in order.
        names: the class of each picture.
    """

    style: str
    seconds: Mapping[str, Sequence[float]]
    names: Mapping[Place, str]

    def draw(self, video_id: str, at_seconds: float) -> str:
        """The picture of a video that is nearest to a time, or a mark that there is none."""
        nearest = find_nearest(self.seconds.get(video_id, ()), at_seconds)
        if nearest is None:
            return NO_PICTURE
        name = self.names[video_id, nearest]
        when = format_seconds(nearest)
        return f'<span class="still {name}" role="img" aria-label="still at {when}"></span>'


def find_nearest(seconds: Sequence[float], at_seconds: float) -> float | None:
    """The one of some times, in order, that is nearest; None where there are none."""
    after = bisect_left(seconds, at_seconds)
    around = seconds[max(after - 1, 0) : after + 1]
    return min(around, key=lambda time: abs(time - at_seconds)) if around else None


def gather_sheet(
    places: Iterable[Place], stills: StillSource, max_bytes: int = MAX_PICTURE_BYTES
) -> PictureSheet:
    """Read the stills at places into a sheet, until it is full.

    Args:
        places: of stills, the most important first; the first of each video go before all others,
            so that as many videos as possible have a picture.
        stills: where they come from.
        max_bytes: of the sheet.
    """
    firsts: dict[str, Place] = {}
    for place in places:
        firsts.setdefault(place[0], place)
    ordered = iter(dict.fromkeys([*firsts.values(), *places]))
    rules: list[str] = []
    names: dict[Place, str] = {}
    n_bytes = 0
    while n_bytes < max_bytes and (some := list(islice(ordered, N_AT_ONCE))):
        found = dict(stills.read(some))
        for place in some:
            if place not in found or n_bytes >= max_bytes:
                continue
            names[place] = f"k{len(names)}"
            encoded = base64.b64encode(found[place]).decode("ascii")
            rules.append(
                f'.{names[place]}{{background-image:url("data:image/webp;base64,{encoded}")}}\n'
            )
            n_bytes += len(rules[-1])
    seconds: dict[str, list[float]] = {}
    for video_id, time in sorted(names):
        seconds.setdefault(video_id, []).append(time)
    return PictureSheet("".join(rules), seconds, names)


def hash_style(style: str) -> str:
    """The hash by which a page's policy allows its own style and no other (CSP level 2)."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")


def wrap_wide(drawing: str, label: str) -> str:
    """Let a wide drawing be scrolled, by keys too, where the screen is narrow.

    Args:
        drawing: HTML.
        label: what it is, for those who do not see it; escaped.
    """
    return f'<div class="wide" tabindex="0" role="region" aria-label="{label}">{drawing}</div>'


def write_page(title: str, style: str, body: Iterable[str]) -> str:
    """Write a whole document that runs no script and loads nothing.

    Its policy allows only pictures inside it and its own style sheet, by hash.

    Args:
        title: escaped.
        style: of the whole page.
        body: HTML.
    """
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src '
            f"data:; style-src 'sha256-{hash_style(style)}'; base-uri 'none'; "
            "form-action 'none'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{style}</style></head><body>",
            *body,
            "<footer>Made by mvsearch.</footer></body></html>",
        ]
    )
