"""Reads the `.info.json` file that yt-dlp writes beside a download, and its `.description`."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mvsearch.indexer.media.files.naming import split_artist
from mvsearch.indexer.media.files.year import read_year
from mvsearch.indexer.metadata.values import (
    Said,
    clean_names,
    clean_paragraphs,
    read_address,
    read_count,
    read_date,
)
from mvsearch.store.own_files import read_own
from mvsearch.store.records.metadata import MAX_CHAPTER_SECONDS, MAX_VALUES

# Those with the addresses of all formats and subtitles have up to 2 MB.
MAX_BYTES = 8 * 2**20
# Those of yt-dlp are nested in six levels.
MAX_DEPTH = 50
MAX_DESCRIPTION_BYTES = 64 * 2**10


def read_info_json(file: Path) -> Said:
    """Read what a website said of a video.

    A file that is missing, a link, too large, too deep, damaged, or of a playlist says nothing. A
    value of a wrong type is passed over; of a key that occurs twice, the last value counts.
    """
    info = _parse(_read(file, MAX_BYTES))
    if info is None or info.get("_type", "video") != "video":
        return {}
    said = {**_read_names(info), **_read_texts(info)}
    return {field: values for field, values in said.items() if values}


def read_description(file: Path) -> Said:
    """Read the text that yt-dlp writes as `.description`."""
    text = clean_paragraphs(_read(file, MAX_DESCRIPTION_BYTES).decode("utf-8-sig", "replace"))
    return {"description": text} if text else {}


def _read(file: Path, max_bytes: int) -> bytes:
    try:
        return read_own(file, max_bytes)
    except (OSError, ValueError):
        return b""


def _parse(data: bytes) -> Mapping[str, Any] | None:
    """The object in a file; None if it is none, damaged or too deep."""
    if data.lstrip()[:1] != b"{" or _measure_depth(data) > MAX_DEPTH:
        return None
    try:
        # What is no number in JSON is no value.
        found = json.loads(data, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _measure_depth(data: bytes) -> int:
    """How deep the brackets of a file are nested outside of strings, without parsing it."""
    import numpy as np

    plain = re.sub(rb"\\.", b"", data, flags=re.DOTALL)
    marks = plain.translate(None, bytes(set(range(256)) - set(b'"[]{}')))
    kept = np.frombuffer(re.sub(rb'"[^"]*"', b"", marks), np.uint8)
    opening = np.isin(kept, np.frombuffer(b"[{", np.uint8))
    steps = np.where(opening, 1, -1)
    return int(steps.cumsum().max(initial=0))


def _read_names(info: Mapping[str, Any]) -> Said:
    """The song, and who made it; a title such as "Artist - Song (Live)" is taken apart."""
    guessed, song = (
        split_artist(info["title"]) if isinstance(info.get("title"), str) else (None, "")
    )
    artists = _list(info, "artists") or _list(info, "artist", "creator")
    return {
        "title": clean_names([info.get("track")]) or clean_names([song]),
        "artist": artists or clean_names([guessed]),
        "album": clean_names([info.get("album")]),
        "album_artist": _list(info, "album_artists") or _list(info, "album_artist"),
        "track": read_count(info.get("track_number")),
        "genre": _list(info, "genres") or _list(info, "genre"),
        "channel": clean_names([info.get("channel")]) or clean_names([info.get("uploader")]),
    }


def _read_texts(info: Mapping[str, Any]) -> Said:
    """Dates, texts, keywords, ids and chapters."""
    released = read_date(info.get("release_date"))
    year = read_year({"date": str(info.get("release_year") or "")[:20] or "".join(released)})
    return {
        "year": () if year is None else (str(year),),
        "released": released,
        "uploaded": read_date(info.get("upload_date")),
        "description": clean_paragraphs(info.get("description")),
        "keyword": clean_names([*_strings(info, "tags"), *_strings(info, "categories")]),
        "url": read_address(info.get("webpage_url")),
        "source_id": clean_names([info.get("id")])[:1],
        "chapter": _read_chapters(info.get("chapters")),
    }


def _list(info: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    """The names of the first of some keys that has any: a list, or a text."""
    return next(filter(None, (clean_names(_strings(info, key)) for key in keys)), ())


def _strings(info: Mapping[str, Any], key: str) -> list[Any]:
    value = info.get(key)
    return value[: 10 * MAX_VALUES] if isinstance(value, list) else [value]


def _read_chapters(given: Any) -> tuple[str, ...]:
    """Chapters as "SECONDS TITLE", by time."""
    found: list[tuple[float, str]] = []
    for one in given[: 10 * MAX_VALUES] if isinstance(given, list) else ():
        if not isinstance(one, dict):
            continue
        at = one.get("start_time")
        # Compared first: a whole number may be too large for a float; what is no number never is.
        if isinstance(at, (int, float)) and 0 <= at <= MAX_CHAPTER_SECONDS:
            found += [(float(at), name) for name in clean_names([one.get("title")])]
    return tuple(f"{at:.3f} {name}" for at, name in sorted(found)[:MAX_VALUES])
