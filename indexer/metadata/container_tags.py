"""Reads the metadata in the tags of a media file: names, MusicBrainz ids and ReplayGain."""

import math
import re
from collections.abc import Mapping

from mvsearch.indexer.media.files.year import read_year
from mvsearch.indexer.metadata.values import (
    Said,
    clean_names,
    clean_paragraphs,
    read_address,
    read_count,
    read_musicbrainz,
)
from mvsearch.store.records.metadata import MAX_GAIN_DB, MAX_PEAK, MIN_PEAK

# The keys of a field in lower case, as ffprobe names them; the first that says anything counts.
_NAMES = {
    "title": ("title",),
    "artist": ("artist", "album_artist"),
    "album": ("album",),
    "album_artist": ("album_artist", "albumartist", "album artist"),
    "studio": ("publisher", "label", "organization", "organisation", "studio"),
    "director": ("director",),
    "genre": ("genre",),
    "keyword": ("keywords",),
}
# Values of these may be listed in one text.
_LISTED = ("genre", "keyword", "director")
_SEPARATOR = re.compile(r"\s*[;,\0]\s*")
_TEXTS = ("description", "synopsis", "comment")
# RFC 7845, 5.2.1: 256ths of a decibel to -23 LUFS; ReplayGain 2.0 aims at -18 LUFS.
_R128_STEPS, _R128_OFFSET_DB = 256, 5.0
_GAIN = re.compile(r"\s*([+-]?\d{1,3}(?:[.,]\d{1,10})?)\s*(?:dB)?\s*", re.IGNORECASE)
_PEAK = re.compile(r"\s*(\d{1,3}(?:[.,]\d{1,20})?)\s*")


def read_tags(tags: Mapping[str, str]) -> Said:
    """What the tags of a file say.

    Args:
        tags: by lower-case key.
    """
    said: Said = {}
    for field, keys in _NAMES.items():
        text = next((found for key in keys if (found := clean_names([tags.get(key)]))), ())
        said[field] = clean_names(_SEPARATOR.split(text[0])) if text and field in _LISTED else text
    year = read_year(tags)
    said["year"] = () if year is None else (str(year),)
    said["track"] = read_count(tags.get("track", ""))
    said["url"] = read_address(tags.get("purl")) or read_address(tags.get("comment"))
    texts = (clean_paragraphs(tags.get(key)) for key in _TEXTS)
    said["description"] = next((text for text in texts if text and not read_address(text[0])), ())
    said |= read_musicbrainz(tags)
    said |= read_gains(tags)
    return {field: values for field, values in said.items() if values}


def read_gains(tags: Mapping[str, str]) -> Said:
    """ReplayGain of a track and its album, in dB, and their peaks as a share of full scale.

    Opus has `R128_TRACK_GAIN` (RFC 7845), which is converted to the loudness of ReplayGain 2.0;
    Matroska may leave out "TRACK". What is no number, or beyond any song, is left out.

    Args:
        tags: by lower-case key.
    """
    said: Said = {}
    for kind in ("track", "album"):
        short = kind == "track"
        named = tags.get(f"replaygain_{kind}_gain") or (short and tags.get("replaygain_gain")) or ""
        gain = _read_r128(tags.get(f"r128_{kind}_gain", ""))
        gain = _read_number(_GAIN, named) if gain is None else gain
        if gain is not None and abs(gain) <= MAX_GAIN_DB:
            said[f"{kind}_gain"] = (f"{gain:.2f}",)
        named = tags.get(f"replaygain_{kind}_peak") or (short and tags.get("replaygain_peak")) or ""
        peak = _read_number(_PEAK, named)
        if peak is not None and MIN_PEAK <= peak <= MAX_PEAK:
            said[f"{kind}_peak"] = (f"{peak:.6f}",)
    return said


def _read_r128(text: str) -> float | None:
    found = re.fullmatch(r"\s*([+-]?\d{1,5})\s*", text[:20], re.ASCII)
    return None if found is None else int(found[1]) / _R128_STEPS + _R128_OFFSET_DB


def _read_number(form: re.Pattern[str], text: str) -> float | None:
    found = form.fullmatch(text[:60])
    number = math.nan if found is None else float(found[1].replace(",", "."))
    return number if math.isfinite(number) else None
