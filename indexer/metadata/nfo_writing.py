"""Writes the metadata of a video as a `.nfo` file in the form of Kodi's music videos."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from mvsearch.indexer.metadata.nfo import NFO_ELEMENTS, find_end, parse_nfo
from mvsearch.indexer.metadata.values import read_musicbrainz
from mvsearch.store.records import Metadata, Video
from mvsearch.store.unicode import replace_surrogates

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# The element of each field that is written as text, in the order of the file.
_TEXT_ELEMENTS = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "album_artist": "albumartist",
    "track": "track",
    "genre": "genre",
    "director": "director",
    "studio": "studio",
    "year": "year",
    "released": "premiered",
    "runtime": "runtime",
    "description": "plot",
    "keyword": "tag",
}
# Types of `uniqueid`, as Kodi's scrapers name them.
_ID_TYPES = {
    "musicbrainz_recording": "MusicBrainzTrackID",
    "musicbrainz_track": "MusicBrainzReleaseTrackID",
    "musicbrainz_release": "MusicBrainzAlbumID",
    "musicbrainz_release_group": "MusicBrainzReleaseGroupID",
    "musicbrainz_artist": "MusicBrainzArtistID",
    "musicbrainz_album_artist": "MusicBrainzAlbumArtistID",
    "musicbrainz_work": "MusicBrainzWorkID",
}
# XML 1.0, production 2: no document may hold others, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_YOUTUBE = re.compile(r"https?://(?:www\.|music\.|m\.)?(?:youtube\.com|youtu\.be)/")


def write_nfo(video: Video, metadata: Metadata, old: bytes = b"") -> bytes:
    """Write what is known of a video.

    Of an older file everything stays that is not written anew: its unknown elements, what is known
    from it alone, and the address after the document. A file that is no such document is replaced.

    Args:
        video: gives title, artist, year and duration where the metadata lack them.
        metadata: of the video.
        old: the content of the file to replace.

    Returns:
        An XML document in UTF-8.
    """
    from xml.etree.ElementTree import Element, indent, tostring

    root = parse_nfo(old)
    rest = b"" if root is None else old[find_end(old) :].strip()
    root = Element("musicvideo") if root is None else root
    for field, values in _list_values(video, metadata).items():
        own = _find_elements(root, field)
        if own and metadata.find_source(field) == "nfo":
            continue
        for one in own:
            root.remove(one)
        root.extend(_make_elements(field, values))
    indent(root, "    ")
    document: bytes = tostring(root, encoding="utf-8")
    return _HEAD + document + b"\n" + (rest + b"\n" if rest else b"")


def _list_values(video: Video, metadata: Metadata) -> dict[str, tuple[str, ...]]:
    """The values of the fields that the form has, in the order of the file."""
    minutes = max(1, round(video.duration_seconds / 60)) if video.duration_seconds else None
    known = {
        "title": video.title,
        "artist": video.artist,
        "year": video.year,
        "runtime": minutes,
    }
    found = {}
    for field in (*_TEXT_ELEMENTS, "rating", *_ID_TYPES, "source_id"):
        other = known.get(field)
        values = metadata.get(field) or (() if other is None else (str(other),))
        if field == "source_id" and not _YOUTUBE.match(metadata.first("url") or ""):
            values = ()
        if values:
            found[field] = values
    return found


def _find_elements(root: "Element", field: str) -> list["Element"]:
    """The elements of a document that tell a field."""
    if field in _ID_TYPES:
        return [one for one in root if _tells_id(one, field)]
    if field == "source_id":
        return _find_typed(root, lambda kind: kind.casefold() == "youtube")
    if field == "year":
        return root.findall("year")
    return [one for name in NFO_ELEMENTS[field] for one in root.findall(name)]


def _find_typed(root: "Element", is_it: Callable[[str], bool]) -> list["Element"]:
    return [one for one in root.findall("uniqueid") if is_it(one.get("type", ""))]


def _tells_id(element: "Element", field: str) -> bool:
    """Whether an element holds an id of MusicBrainz of one kind."""
    if not isinstance(element.tag, str):
        return False
    name = element.get("type", "") if element.tag == "uniqueid" else element.tag
    return field in read_musicbrainz([(name, element.text or "")])


def _make_elements(field: str, values: Iterable[str]) -> Iterable["Element"]:
    from xml.etree.ElementTree import Element, SubElement

    if field == "rating":
        ratings = Element("ratings")
        rating = SubElement(ratings, "rating", {"name": "default", "max": "10", "default": "true"})
        SubElement(rating, "value").text = next(iter(values))
        yield ratings
        return
    kind = "youtube" if field == "source_id" else _ID_TYPES.get(field)
    for value in values:
        made = Element("uniqueid", {"type": kind}) if kind else Element(_TEXT_ELEMENTS[field])
        made.text = _FORBIDDEN.sub("\ufffd", replace_surrogates(value))
        yield made
