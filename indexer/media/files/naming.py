"""Parses title and artist from file names, for files without tags."""

import re
import unicodedata
from pathlib import Path

from mvsearch.store.unicode import MAX_NAME_LETTERS, normalise, replace_surrogates, truncate

# Words in brackets after a title that are not part of it.
_NOISE = (
    r"official|video|videoclip|clip|audio|lyrics?|letra|visuali[sz]er|hd|hq|uhd|4k|8k|mv|m/v|"
    r"\d{3,4}p(?:\d\d)?|full ?hd|remastered(?: \d{4})?|\d{4} remaster(?:ed)?|explicit|music|mp4|"
    r"x26[45]|h\.?26[45]|hevc|av1|aac|web-?dl|web-?rip|blu-?ray|dvd-?rip|karaoke|with|and|the|in"
)
_NOISY_BRACKET = re.compile(
    rf"\s*[(\[【](?:\s*\b(?:{_NOISE})(?!\w)[\s,|/&+.-]*)+[)\]】]", re.IGNORECASE
)
# Video ids have eleven characters. One without a digit, "_" or inner capital could be a word.
_VIDEO_ID = re.compile(r"\s*\[(?=[^\]]*[\d_]|[^\]]*[a-z][A-Z])[\w-]{11}\]$")
_TRACK_NUMBER = re.compile(r"^(?:\d{1,2}-)?\d{1,3}(?:\s*[.)]\s*|\s+-\s+|_-_)(?=\S)")
_SEPARATOR = re.compile(r"\s+[-–—]\s+|\s*[–—]\s+")


def name_media(path: Path) -> tuple[str | None, str]:
    """Read (artist, title) from a name such as `07. Artist - Title (Official Video) [1080p].mp4`.

    Track numbers, notes on the release and video ids are removed. A name that follows no pattern is
    the title; the artist is then None.
    """
    artist, title = split_artist(path.stem)
    return artist, title or "untitled"


def split_artist(text: str) -> tuple[str | None, str]:
    """Take a title such as `Artist - Title (Official Video)` apart, as `name_media` does.

    Returns:
        The artist, or None, and the title, which is empty where the text is.
    """
    stem = clean_text(replace_surrogates(text))
    name = clean_text(stem.replace("_", " ")) if "_-_" in stem else stem
    name = _NOISY_BRACKET.sub("", _VIDEO_ID.sub("", name)).strip()
    name = _VIDEO_ID.sub("", name).strip()
    artist, separator, title = _split_name(name)
    if separator and artist.isdigit() and len(artist) <= 3:
        artist, separator, title = _split_name(title)
    elif not separator or not title:
        numberless = _TRACK_NUMBER.sub("", name)
        artist, separator, title = _split_name(numberless)
    else:
        artist = _TRACK_NUMBER.sub("", artist)
    if separator and artist and title:
        return artist, title
    return None, title or artist or stem


def clean_text(text: str) -> str:
    """Normalise text to NFC, with single spaces for control characters and white space.

    It is truncated to `MAX_NAME_LETTERS`.
    """
    printable = "".join(
        " " if unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"} else mark for mark in text
    )
    return truncate(" ".join(normalise(printable).split()), MAX_NAME_LETTERS)


def _split_name(name: str) -> tuple[str, bool, str]:
    """Split into (artist, whether there is a separator, title) at the first spaced dash."""
    parts = _SEPARATOR.split(name, maxsplit=1)
    if len(parts) == 1:
        return "", False, name.strip()
    return parts[0].strip(), True, parts[1].strip()
