"""Writes lists of videos as playlists: M3U8 and XSPF."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mvsearch.search.output.text import name_video
from mvsearch.search.results import Result
from mvsearch.store.records import Video
from mvsearch.store.unicode import printable

PlaylistForm = Literal["m3u8", "xspf"]

CONTENT_TYPES: Mapping[PlaylistForm, str] = {
    "m3u8": "application/vnd.apple.mpegurl; charset=utf-8",
    "xspf": "application/xspf+xml",
}


def results_to_m3u(results: Sequence[Result]) -> str:
    """An extended playlist that starts each video at its best moment."""
    return "\n".join(["#EXTM3U", *_playlist_lines(results), ""])


def similar_to_m3u(similar: Sequence[tuple[Video, Sequence[Result]]]) -> str:
    """An extended playlist: each video's most similar ones, grouped under its name."""
    lines = ["#EXTM3U"]
    for video, results in similar:
        lines += [f"#EXTGRP:{name_video(video)}", *_playlist_lines(results)]
    return "\n".join(lines) + "\n"


def _playlist_lines(results: Sequence[Result]) -> list[str]:
    lines: list[str] = []
    for result in results:
        lines.append(f"#EXTINF:{round(result.video.duration_seconds)},{name_video(result.video)}")
        moment = result.best_moment
        if moment is not None:
            lines.append(f"#EXTVLCOPT:start-time={moment.start_seconds:.3f}")
        lines.append(_write_path(result.video.path))
    return lines


def _write_path(path: Path) -> str:
    """The absolute path; as a URI if it cannot be a line of UTF-8."""
    absolute = path.absolute()
    return str(absolute) if printable(absolute) == str(absolute) else absolute.as_uri()


def write_m3u8(name: str, videos: Sequence[Video]) -> str:
    """An extended M3U playlist in UTF-8, with artist, title and year."""
    lines = ["#EXTM3U", f"#PLAYLIST:{printable(name)}"]
    for video in videos:
        year = f" ({video.year})" if video.year is not None else ""
        lines.append(f"#EXTINF:{round(video.duration_seconds)},{name_video(video)}{year}")
        lines.append(_write_path(video.path))
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
    from xml.sax.saxutils import escape

    return escape(printable(text))
