"""Cleans values of metadata, which come from strangers, and limits their length and number."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from mvsearch.indexer.media.files.naming import clean_text
from mvsearch.store.records.metadata import MAX_TEXT_LETTERS, MAX_VALUES
from mvsearch.store.unicode import normalise, replace_surrogates, truncate

# What one source says: the values of each field.
Said = dict[str, tuple[str, ...]]

# Texts are cut before they are cleaned, which takes a while for each letter.
_MAX_READ_LETTERS = 4 * MAX_TEXT_LETTERS
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d)", re.ASCII)
_ADDRESS = re.compile(r"https?://[^\s<>\"]{1,1990}", re.IGNORECASE)
_UUID = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])",
    re.ASCII | re.IGNORECASE,
)
# How Vorbis comments, MP4, ID3, Kodi and Jellyfin call the ids, without "musicbrainz" and "id".
_MUSICBRAINZ = {
    "": "musicbrainz_recording",
    "track": "musicbrainz_recording",
    "recording": "musicbrainz_recording",
    "releasetrack": "musicbrainz_track",
    "album": "musicbrainz_release",
    "release": "musicbrainz_release",
    "releasegroup": "musicbrainz_release_group",
    "artist": "musicbrainz_artist",
    "albumartist": "musicbrainz_album_artist",
    "work": "musicbrainz_work",
}


def clean_names(values: Iterable[Any]) -> tuple[str, ...]:
    """Names in one line each, without repeats and empty ones; what is no text is left out."""
    cleaned = (clean_text(replace_surrogates(one[:_MAX_READ_LETTERS])) for one in _texts(values))
    return tuple(list(dict.fromkeys(filter(None, cleaned)))[:MAX_VALUES])


def clean_paragraphs(text: Any) -> tuple[str, ...]:
    """A text of several lines, without control characters; none if it is empty or no text."""
    if not isinstance(text, str):
        return ()
    whole = replace_surrogates(text[:_MAX_READ_LETTERS]).replace("\r\n", "\n").replace("\r", "\n")
    marks = (" " if _is_control(mark) else mark for mark in normalise(whole))
    lines = (" ".join(line.split()) for line in "".join(marks).split("\n"))
    joined = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return (truncate(joined, MAX_TEXT_LETTERS),) if joined else ()


def read_date(value: Any) -> tuple[str, ...]:
    """A day as YYYY-MM-DD, from such text or YYYYMMDD; none if it is no date."""
    found = _DATE.match(value.strip()) if isinstance(value, str) else None
    if found is None or not ("01" <= found[2] <= "12" and "01" <= found[3] <= "31"):
        return ()
    return ("-".join(found.groups()),)


def read_address(value: Any) -> tuple[str, ...]:
    """An address of the web, which is stored and shown, and never asked; none if it is none."""
    text = value.strip() if isinstance(value, str) else ""
    return clean_names([text]) if len(text) <= 500 and _ADDRESS.fullmatch(text) else ()


def read_count(value: Any) -> tuple[str, ...]:
    """The positive whole number that a text begins with, such as of track "3/12"."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found = re.match(r"\s*0*([1-9]\d{0,4})(?!\d)", text) if isinstance(text, str) else None
    return () if found is None else (found[1],)


def read_musicbrainz(named: Mapping[str, str] | Iterable[tuple[str, str]]) -> Said:
    """The MusicBrainz ids among named texts, by whatever name programs give them."""
    said: Said = {}
    for name, text in named.items() if isinstance(named, Mapping) else named:
        letters = "".join(mark for mark in name.casefold() if mark.isalnum())
        if not letters.startswith("musicbrainz"):
            continue
        field = _MUSICBRAINZ.get(letters.removeprefix("musicbrainz").removesuffix("id"))
        ids = tuple(one.lower() for one in _UUID.findall(text[:_MAX_READ_LETTERS]))
        if field is not None and ids:
            said[field] = tuple(dict.fromkeys((*said.get(field, ()), *ids)))[:MAX_VALUES]
    return said


def _texts(values: Iterable[Any]) -> Iterable[str]:
    return (one for one in values if isinstance(one, str))


def _is_control(mark: str) -> bool:
    return mark != "\n" and unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"}
