"""Writes lists of videos as playlists: M3U8 and XSPF."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from xml.sax.saxutils import escape

from mvsearch.search.output.report import write_path
from mvsearch.search.output.text import name_video
from mvsearch.store.records import Video
from mvsearch.store.unicode import printable

PlaylistForm = Literal["m3u8", "xspf"]

CONTENT_TYPES: Mapping[PlaylistForm, str] = {
    "m3u8": "application/vnd.apple.mpegurl; charset=utf-8",
    "xspf": "application/xspf+xml",
}


def write_m3u8(name: str, videos: Sequence[Video]) -> str:
    """An extended M3U playlist in UTF-8, with artist, title and year."""
    lines = ["#EXTM3U", f"#PLAYLIST:{printable(name)}"]
    for video in videos:
        year = f" ({video.year})" if video.year is not None else ""
        lines.append(f"#EXTINF:{round(video.duration_seconds)},{name_video(video)}{year}")
        lines.append(write_path(video.path))
    return "\n".join([*lines, ""])


def write_xspf(name: str, videos: Sequence[Video]) -> str:
    """An XSPF playlist, version 1 (xspf.org)."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<playlist version="1" xmlns="http://xspf.org/ns/0/">',
        f"<title>{_clean(name)}</title>",
        "<trackList>",
    ]
    for video in videos:
        lines += ["<track>", f"<location>{_clean(video.path.absolute().as_uri())}</location>"]
        lines.append(f"<title>{_clean(video.title)}</title>")
        if video.artist:
            lines.append(f"<creator>{_clean(video.artist)}</creator>")
        lines.append(f"<duration>{round(video.duration_seconds * 1000)}</duration>")
        if video.year is not None:
            lines.append(f'<meta rel="http://purl.org/dc/elements/1.1/date">{video.year}</meta>')
        lines.append("</track>")
    return "\n".join([*lines, "</trackList>", "</playlist>", ""])


WRITERS: Mapping[PlaylistForm, Callable[[str, Sequence[Video]], str]] = {
    "m3u8": write_m3u8,
    "xspf": write_xspf,
}


def _clean(text: str) -> str:
    """Text of an XML document, which holds no control characters or surrogates."""
    return escape(printable(text))
