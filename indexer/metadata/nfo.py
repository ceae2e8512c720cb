"""Reads the `.nfo` file beside a video, as Kodi and Jellyfin write them for music videos."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.indexer.media.files.year import read_year
from mvsearch.indexer.metadata.values import (
    Said,
    clean_names,
    clean_paragraphs,
    read_count,
    read_date,
    read_musicbrainz,
)
from mvsearch.store.own_files import read_own

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Those of Kodi have a few kB; text art of the same ending has no element and is left alone.
MAX_BYTES = 256 * 2**10
# Those of Kodi are nested in five levels; what is written anew is written by a recursion.
MAX_DEPTH = 50
# The elements of each field; the first that says anything counts.
NFO_ELEMENTS: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "artist": ("artist",),
    "album": ("album",),
    "album_artist": ("albumartist",),
    "track": ("track",),
    "genre": ("genre",),
    "director": ("director",),
    "studio": ("studio",),
    "year": ("year", "premiered", "releasedate", "aired"),
    "released": ("premiered", "releasedate", "aired"),
    "rating": ("ratings", "rating", "userrating"),
    "runtime": ("runtime",),
    "description": ("plot", "outline"),
    "keyword": ("tag",),
}
# What Kodi writes between several values in one element.
_SEVERAL = " / "
_BEGIN, _END = re.compile(rb"<musicvideo[\s>]"), re.compile(rb"</musicvideo\s*>")
_SITE_TYPES = ("youtube", "youtubeid", "vimeo", "imvdb")


def read_nfo(file: Path) -> Said:
    """Read a `.nfo` file in the form of Kodi's music videos.

    A file that is missing, a link, no such document, too large, too deep, damaged or with entities
    says nothing. No address or path in it is followed.
    """
    root = parse_nfo(read_nfo_bytes(file))
    return {} if root is None else _read_fields(root)


def read_nfo_bytes(file: Path) -> bytes:
    """The content of a plain file; empty if there is none or it is too large."""
    try:
        return read_own(file, MAX_BYTES)
    except (OSError, ValueError):
        return b""


def parse_nfo(data: bytes) -> "Element | None":
    """The element of the music video; None if the data are no such document, or a hostile one."""
    root = _parse(data[: find_end(data)]) if _BEGIN.search(data) else None
    return root if root is not None and root.tag == "musicvideo" else None


def find_end(data: bytes) -> int:
    """Where the document in a file ends; 0 if it has no end.

    A combined file has an address after it, which is no XML. The declaration before it names the
    encoding, which without one is UTF-8.
    """
    end = 0
    for found in _END.finditer(data):  # in one pass, however often it begins and ends
        end = found.end()
    return end


def _parse(data: bytes) -> "Element | None":
    """The root of a document; None if it is damaged, too deep, or declares a type or entities."""
    from xml.etree.ElementTree import ParseError, TreeBuilder

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    parser = DefusedXMLParser(target=TreeBuilder(insert_comments=True), forbid_dtd=True)
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return root if _is_flat(root) else None


def _is_flat(root: "Element") -> bool:
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
    return not level


def _read_fields(root: "Element") -> Said:
    said: Said = {}
    for field in ("artist", "album_artist", "genre", "director", "studio", "keyword"):
        texts = _list_texts(root, NFO_ELEMENTS[field])
        said[field] = clean_names(part for text in texts for part in text.split(_SEVERAL))
    for field in ("title", "album"):
        said[field] = clean_names(_list_texts(root, NFO_ELEMENTS[field]))[:1]
    for field, read in (
        ("description", clean_paragraphs),
        ("released", read_date),
        ("track", read_count),
        ("runtime", read_count),
        ("year", _read_year),
    ):
        values = (read(text) for text in _list_texts(root, NFO_ELEMENTS[field]))
        said[field] = next(filter(None, values), ())
    said["rating"] = _read_rating(root)
    said |= _read_ids(root)
    return {field: values for field, values in said.items() if values}


def _list_texts(root: "Element", names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from (one.text for one in root.findall(name) if one.text)


def _read_year(text: str) -> tuple[str, ...]:
    year = read_year({"date": text})
    return () if year is None else (str(year),)


def _read_rating(root: "Element") -> tuple[str, ...]:
    """The rating from 0 to 10: the default one of several, else the first."""
    rated = root.findall("ratings/rating")
    rated.sort(key=lambda one: one.get("default") != "true")
    given = [(one.findtext("value"), one.get("max")) for one in rated]
    given += [(text, "10") for text in _list_texts(root, ("rating", "userrating"))]
    for text, most in given:
        value, highest = _read_float(text), _read_float(most or "10")
        if value and highest and 0 < value <= highest:
            return (f"{10 * value / highest:.3g}",)
    return ()


def _read_ids(root: "Element") -> Said:
    """The ids of MusicBrainz, in elements of their own or by type, and that of a site."""
    own = [(str(one.tag), one.text) for one in root if one.text and isinstance(one.tag, str)]
    typed = [(one.get("type", ""), one.text) for one in root.findall("uniqueid") if one.text]
    said = read_musicbrainz([*own, *typed])
    sites = (text for name, text in (*typed, *own) if name.casefold() in _SITE_TYPES)
    said["source_id"] = clean_names(sites)[:1]
    return said


def _read_float(text: str | None) -> float | None:
    try:
        return float((text or "").strip().replace(",", ".")[:20])
    except ValueError:
        return None
