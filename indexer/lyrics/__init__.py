"""Chooses the lyrics of a video from the cheapest source that can be trusted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from mvsearch.indexer.lyrics.files.languages import find_language, split_language_suffix
from mvsearch.indexer.lyrics.files.sidecar import (
    ListFiles,
    list_lyric_files,
    parse_text,
    read_sidecars,
    sidecar_fingerprint,
)
from mvsearch.indexer.lyrics.files.subtitles import parse_subtitles
from mvsearch.indexer.lyrics.files.text_encoding import MAX_TEXT_BYTES
from mvsearch.indexer.lyrics.files.timing import Parsed
from mvsearch.indexer.lyrics.plugin_sources import Song, ask_plugins
from mvsearch.indexer.lyrics.segments import lyric_segments, song_segment
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Lyrics
from mvsearch.store.unicode import MAX_NAME_LETTERS, truncate

__all__ = [
    "FoundLyrics",
    "ListFiles",
    "Song",
    "TextStream",
    "find_language",
    "find_lyrics",
    "list_lyric_files",
    "lyric_segments",
    "sidecar_fingerprint",
    "song_segment",
    "split_language_suffix",
]

# Codecs whose subtitles are text; the others are pictures.
_CODEC_NAMES = """
    ass eia_608 jacosub microdvd mov_text mpl2 realtext sami srt ssa stl subrip subviewer subviewer1
    text ttml vplayer webvtt
"""
TEXT_CODECS = frozenset(_CODEC_NAMES.split())
_TAG_KEYS = frozenset(
    {"lyrics", "unsyncedlyrics", "unsynced lyrics", "syncedlyrics", "©lyr", "uslt", "wm/lyrics"}
)


class TextStream(Protocol):
    """What is needed to know of a subtitle stream."""

    @property
    def index(self) -> int:
        """Its number in the container."""

    @property
    def codec(self) -> str:
        """Its codec, as ffmpeg names it."""

    @property
    def language(self) -> str | None:
        """Its language, as the container has it."""


@dataclass(frozen=True, slots=True)
class FoundLyrics:
    """What the cheap sources gave.

    Attributes:
        lyrics: from the first source that has any; None where Whisper is what is left.
        problems: what is wrong with sources that were there and could not be read.
    """

    lyrics: Lyrics | None
    problems: tuple[MediaError, ...] = ()


def find_lyrics(
    places: Sequence[Path],
    tags: Mapping[str, str],
    subtitle_streams: Sequence[TextStream],
    read_subtitles: Callable[[int], str],
    language: str | None = None,
    song: Song | None = None,
) -> FoundLyrics:
    """Look for lyrics beside a video, in its subtitle streams, its tags, then ask plug-ins.

    A source that cannot be read is a problem, and the next one is tried.

    Args:
        places: every file that holds the video; side-cars count beside any of them.
        tags: of the container, keys in lower case.
        subtitle_streams: of the container.
        read_subtitles: gives a stream, by its index, as SubRip text; may raise MediaError.
        language: the one to prefer, ISO 639-1 or a name.
        song: what plug-ins are asked; None to ask none. Its language is `language`.
    """
    wanted = find_language(language)
    lyrics, problems = read_sidecars(places, wanted)
    if lyrics is None:
        lyrics, more = _read_streams(subtitle_streams, read_subtitles, wanted)
        problems += more
    if lyrics is None:
        lyrics, more = _read_tags(tags, wanted)
        problems += more
    if lyrics is None and song is not None:
        lyrics, more = ask_plugins(replace(song, language=wanted))
        problems += more
    return FoundLyrics(lyrics, problems)


def _read_streams(
    streams: Sequence[TextStream], read_subtitles: Callable[[int], str], language: str | None
) -> tuple[Lyrics | None, tuple[MediaError, ...]]:
    """Read the first subtitle stream that has text, the wanted language first."""
    problems: list[MediaError] = []
    readable = [stream for stream in streams if stream.codec in TEXT_CODECS]
    for stream in sorted(readable, key=lambda found: _fit(found.language, language)):
        try:
            text = read_subtitles(stream.index)
            parsed = parse_subtitles(text[:MAX_TEXT_BYTES]) if text.strip() else None
        except MediaError as error:
            problems.append(MediaError(error.code, f"subtitle stream {stream.index}: {error}"))
            continue
        if parsed is not None and parsed.lines:
            origin = f"stream {stream.index}"
            spoken = find_language(stream.language)
            problems += parsed.list_problems(f"subtitle {origin}")
            return Lyrics(parsed.lines, "subtitles", origin, spoken), tuple(problems)
    return None, tuple(problems)


def _read_tags(
    tags: Mapping[str, str], language: str | None
) -> tuple[Lyrics | None, tuple[MediaError, ...]]:
    """Read the lyrics tag; timed before untimed, then the wanted language first."""
    read: list[tuple[str, str | None, Parsed]] = []
    problems: list[MediaError] = []
    for key, text in tags.items():
        name, _, suffix = key.rpartition("-")
        if not (key in _TAG_KEYS or name in _TAG_KEYS or key.startswith("lyrics-")):
            continue
        try:
            parsed = parse_text(text[:MAX_TEXT_BYTES].replace("\r\n", "\n").replace("\r", "\n"))
        except MediaError as error:
            problems.append(MediaError(error.code, f"lyrics tag: {error}"))
            continue
        if parsed.lines:
            spoken = find_language(suffix) if name else None
            read.append((key, spoken or parsed.language, parsed))
    if not read:
        return None, tuple(problems)
    key, spoken, parsed = min(
        read, key=lambda found: (not found[2].is_timed, _fit(found[1], language), found[0])
    )
    problems += parsed.list_problems("lyrics tag")
    return Lyrics(parsed.lines, "tag", truncate(key, MAX_NAME_LETTERS), spoken), tuple(problems)


def _fit(spoken: str | None, wanted: str | None) -> int:
    """How well a language answers: as wanted (or none is), not said, another."""
    found = find_language(spoken)
    if wanted is None or found == wanted:
        return 0
    return 1 if found is None else 2
