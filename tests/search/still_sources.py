"""Stills and a reader for the tests of pages."""

import base64
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser

from PIL import Image

from mvsearch.search.output.html.page import Place
from mvsearch.store.records import Video


def paint(colour: tuple[int, int, int]) -> bytes:
    """A small WebP."""
    written = io.BytesIO()
    Image.new("RGB", (32, 18), colour).save(written, "WEBP")
    return written.getvalue()


def paint_place(place: Place) -> bytes:
    """A picture that tells its place: the id's last digits, and the second."""
    return paint((int(place[0][-2:], 16), int(place[1]) % 256, 77))


class HeldStills:
    """Stills at the same times of every video but of some."""

    def __init__(self, seconds: Sequence[float] = (10.0, 60.0), lacking: str = "-") -> None:
        self.seconds = tuple(seconds)
        self.lacking = lacking
        self.asked: list[Place] = []

    def list_seconds(self, videos: Sequence[Video]) -> Mapping[str, Sequence[float]]:
        return {video.id: self.seconds for video in videos if not video.id.endswith(self.lacking)}

    def read(self, places: Sequence[Place]) -> Iterator[tuple[Place, bytes]]:
        self.asked += places
        yield from ((place, paint_place(place)) for place in places)


def read_rules(page: str) -> dict[str, bytes]:
    """The picture of each class in the style sheet of a page."""
    rules = re.findall(
        r'\.(k\d+)\{background-image:url\("data:image/webp;base64,([\w+/=]+)"\)\}', page
    )
    assert len({name for name, _ in rules}) == len(rules)
    return {name: base64.b64decode(data) for name, data in rules}


class PageReader(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
