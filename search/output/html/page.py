"""Builds the common frame of HTML pages with video stills."""

import base64
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mvsearch.search.output.text import format_seconds
from mvsearch.store.records import Video
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from jinja2 import Environment

# Id of a video, and a time in seconds.
Place = tuple[str, float]

# Maximum size of all pictures of a page, in base64; about 800 pictures.
MAX_PICTURE_BYTES = 2_200_000
N_AT_ONCE = 200

TEMPLATES = Path(__file__).parent / "templates"


class StillSource(Protocol):
    """The source of the stills of a page."""

    def list_seconds(self, videos: Sequence[Video]) -> Mapping[str, Sequence[float]]:
        """The ascending times of the stills of these videos, by id."""

    def read(self, places: Sequence[Place]) -> Iterable[tuple[Place, bytes]]:
        """The stills at these places, each a valid WebP."""


@dataclass(frozen=True, slots=True)
class PictureSheet:
    """The pictures of a page, each once, as rules of its style sheet.

    Attributes:
        style: one rule per picture.
        seconds: the ascending times of the pictures of each video.
        names: the CSS class of each picture.
    """

    style: str
    seconds: Mapping[str, Sequence[float]]
    names: Mapping[Place, str]

    def find(self, video_id: str, at_seconds: float) -> tuple[str, str] | None:
        """The CSS class and time of a video's picture nearest to a time; None without one."""
        nearest = find_nearest(self.seconds.get(video_id, ()), at_seconds)
        if nearest is None:
            return None
        return self.names[video_id, nearest], format_seconds(nearest)


def find_nearest(seconds: Sequence[float], at_seconds: float) -> float | None:
    """The nearest of some ascending times; None if there are none."""
    after = bisect_left(seconds, at_seconds)
    around = seconds[max(after - 1, 0) : after + 1]
    return min(around, key=lambda time: abs(time - at_seconds)) if around else None


def gather_sheet(
    places: Iterable[Place], stills: StillSource, max_bytes: int = MAX_PICTURE_BYTES
) -> PictureSheet:
    """Read stills into a sheet until it is full.

    Args:
        places: of stills, the most important first; the first of each video is read before all
            others, so that as many videos as possible have a picture.
        stills: the source.
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
    """The hash of a style sheet for the content security policy of its page (CSP level 2)."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")


def render_page(
    template: str, title: str, styles: Sequence[str] = (), picture_style: str = "", **given: object
) -> str:
    """Render a complete document without scripts and external resources.

    All text is escaped and has no control characters. The content security policy allows only
    embedded pictures and the document's own style sheet, by hash.

    Args:
        template: its name in `templates/`; it extends `page.html`.
        title: of the document.
        styles: style sheets in `templates/` in addition to the common one.
        picture_style: the rules of a `PictureSheet`.
        given: the variables of the template.
    """
    sheets = [(TEMPLATES / name).read_text(encoding="utf-8") for name in ("style.css", *styles)]
    style = "\n" + "".join(sheets) + picture_style
    return (
        _load_templates()
        .get_template(template)
        .render(given, title=title, style=style, style_hash=hash_style(style))
    )


@cache
def _load_templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # The output of macros is markup already.
        finalize=lambda value: value if hasattr(value, "__html__") else printable(value),
    )
