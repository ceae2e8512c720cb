"""Asks plug-ins for the lyrics of a video."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mvsearch.indexer import plugins
from mvsearch.indexer.lyrics.files.plugin_formats import clean_lines
from mvsearch.store.errors import MediaError, PluginError
from mvsearch.store.records import LyricLine, Lyrics


@dataclass(frozen=True, slots=True)
class Song:
    """The video that a plug-in is asked about.

    Attributes:
        paths: every file that holds it.
        title: of its container, else None; so is the artist.
        duration_seconds: 0 where the container does not say.
        language: the preferred one, ISO 639-1.
    """

    paths: tuple[Path, ...]
    title: str | None = None
    artist: str | None = None
    duration_seconds: float = 0.0
    language: str | None = None


# What a plug-in brings: the lines of a song in their order; None or no line where it has none.
LyricSource = Callable[[Song], Sequence[LyricLine] | None]


def ask_plugins(song: Song) -> tuple[Lyrics | None, tuple[MediaError, ...]]:
    """The lyrics of the first plug-in, by name, that has any, and what went wrong.

    A plug-in that fails or gives something else than lines is a problem "bad_lyrics", and the next
    one is asked.
    """
    problems: list[MediaError] = []
    for plugin in plugins.list_plugins(plugins.LYRIC_SOURCES):
        try:
            find: LyricSource = plugin.load()
            with plugin.guarding():
                parsed = clean_lines(find(song) or ())
        except PluginError as error:
            problems.append(MediaError("bad_lyrics", str(error)))
            continue
        except MediaError as error:
            problems.append(MediaError(error.code, f"plug-in {plugin.name}: {error}"))
            continue
        if parsed.lines:
            problems += parsed.list_problems(f"plug-in {plugin.name}")
            return Lyrics(parsed.lines, "plugin", plugin.name, song.language), tuple(problems)
    return None, tuple(problems)
