"""Reads title, artist and year from the Kodi `.nfo` file beside a video."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.indexer.media.files.naming import clean_text
from mvsearch.indexer.media.files.year import read_year
from mvsearch.store.own_files import read_own

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Those of Kodi have a few kB; text art of the same ending has no element and is left alone.
MAX_BYTES = 256 * 2**10
# More artists than a song has.
MAX_ARTISTS = 20
_BEGIN, _END = re.compile(rb"<musicvideo[\s>]"), re.compile(rb"</musicvideo\s*>")


@dataclass(frozen=True, slots=True)
class Nfo:
    """What a `.nfo` file says; None where it says nothing."""

    title: str | None = None
    artist: str | None = None
    year: int | None = None


def read_nfo(video_path: Path) -> Nfo:
    """Read `NAME.nfo` beside `NAME.mp4`, in the form of Kodi's music videos.

    A file that is missing, no such document, too large, damaged or with entities says nothing.
    """
    data = _read(video_path.with_suffix(".nfo"))
    root = _parse(_cut(data)) if _BEGIN.search(data) else None
    if root is None:
        return Nfo()
    artists = [_clean(one.text) for one in root.findall("artist")[:MAX_ARTISTS]]
    dates = [_clean(root.findtext(name)) for name in ("year", "premiered", "releasedate")]
    years = (read_year({"date": date}) for date in dates)
    return Nfo(
        _clean(root.findtext("title")) or None,
        clean_text(", ".join(dict.fromkeys(filter(None, artists)))) or None,
        next((year for year in years if year is not None), None),
    )


def _read(path: Path) -> bytes:
    """The content of a plain file; empty if there is none or it is too large."""
    try:
        return read_own(path, MAX_BYTES)
    except (OSError, ValueError):
        return b""


def _cut(data: bytes) -> bytes:
    """A file up to the end of its document; empty if that has no end.

    A combined file has an address after it, which is no XML. The declaration before it names the
    encoding, which without one is UTF-8.
    """
    end = 0
    for found in _END.finditer(data):  # in one pass, however often it begins and ends
        end = found.end()
    return data[:end]


def _parse(data: bytes) -> "Element | None":
    """The root of a document; None if it is damaged, or declares a type or entities."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return root


def _clean(text: str | None) -> str:
    return clean_text(text or "")
