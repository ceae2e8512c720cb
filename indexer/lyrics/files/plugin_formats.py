"""Reads lyric files with plug-ins, by the ending of the file."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from mvsearch.indexer import plugins
from mvsearch.indexer.lyrics.files.cleaning import clean_line
from mvsearch.indexer.lyrics.files.timing import MAX_LINES, Parsed, clip_seconds
from mvsearch.store.errors import MediaError, PluginError
from mvsearch.store.records import LyricLine

# What a plug-in brings: it reads the text of a file, decoded, into lines in their order.
LyricFormat = Callable[[str], Sequence[LyricLine]]


def list_plugin_endings(own: Sequence[str]) -> list[str]:
    """The endings that plug-ins read, such as `.chords`.

    Args:
        own: the endings that are read without them.
    """
    taken = [ending.removeprefix(".") for ending in own]
    found = plugins.list_plugins(plugins.LYRICS, taken)
    return [f".{plugin.name.casefold()}" for plugin in found]


def read_by_plugin(text: str, ending: str) -> Parsed:
    """Read the text of a file with the plug-in for its ending.

    Raises:
        MediaError: "bad_lyrics": the plug-in fails, or gives what are no lyrics.
    """
    known = plugins.list_plugins(plugins.LYRICS)
    plugin = next((each for each in known if f".{each.name.casefold()}" == ending), None)
    if plugin is None:
        raise MediaError("bad_lyrics", f"no installed reader for {ending}")
    try:
        parse = plugin.load()
        with plugin.guarding():
            return clean_lines(parse(text))
    except PluginError as error:
        raise MediaError("bad_lyrics", str(error)) from error


def clean_lines(lines: Iterable[Any]) -> Parsed:
    """What a plug-in gave as lines like those of any other format.

    Raises:
        MediaError: "bad_lyrics": more lines or letters than a song has.
        TypeError: something else than lines.
    """
    return Parsed(tuple(_clean(islice(lines, MAX_LINES + 1))))


def _clean(lines: Iterable[Any]) -> Iterable[LyricLine]:
    """The lines with clean text, and within the times of a video."""
    for line in lines:
        if not isinstance(line, LyricLine):
            raise TypeError(f"a line is no LyricLine but {type(line).__name__}")
        text = clean_line(line.text)
        if text:
            start, end = line.start_seconds, line.end_seconds
            if start is not None:
                start = clip_seconds(start)
                end = start if end is None else max(start, clip_seconds(end))
            yield replace(line, text=text, start_seconds=start, end_seconds=end)
