"""Asks LRCLIB for lyrics with times, by artist and title."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from mvsearch.indexer.lyrics.fetching.asking import Asker
from mvsearch.indexer.lyrics.files.sidecar import parse_text
from mvsearch.indexer.lyrics.files.timing import Parsed
from mvsearch.indexer.lyrics.fitting.words import split_text
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Lyrics
from mvsearch.store.unicode import replace_surrogates

NAME = "lrclib"
SOURCE = "fetched"
ADDRESS = "https://lrclib.net"
VARIABLE = "MVSEARCH_LRCLIB"
# What is looked at of an answer, and how much of it is compared with what is heard.
MAX_ENTRIES, MAX_FOUND = 100, 3
MAX_LETTERS = 200_000
MAX_NAME_LETTERS = 200
# Names that are less alike are of another song.
MIN_ALIKE = 80.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """The song whose lyrics are wanted; nothing else is sent, and no file.

    Attributes:
        duration_seconds: of the video; 0 if unknown. The nearest songs come first.
    """

    artist: str
    title: str
    duration_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """Lyrics of the service, as text of an LRC file."""

    id: int
    duration_seconds: float
    text: str


def ask_lrclib(wanted: Wanted, asker: Asker) -> list[Entry]:
    """The lyrics with times of a song, those of the nearest duration first.

    Raises:
        ServerError: the service cannot be asked, or answers what cannot be read.
    """
    names = {"artist_name": wanted.artist, "track_name": wanted.title}
    cut = {key: replace_surrogates(value)[:MAX_NAME_LETTERS] for key, value in names.items()}
    found = list(_read_entries(asker.ask("api/search", cut), wanted))
    found.sort(key=lambda one: (abs(one.duration_seconds - wanted.duration_seconds), one.id))
    unique = {one.text: one for one in reversed(found)}
    return [one for one in found if unique[one.text] is one][:MAX_FOUND]


def read_entry(entry: Entry) -> Lyrics | None:
    """The lyrics of an entry; None if they have no line with a time."""
    try:
        parsed: Parsed = parse_text(entry.text)
    except MediaError:
        return None
    if not parsed.is_timed:
        return None
    return Lyrics(parsed.lines, SOURCE, f"{NAME} {entry.id}", parsed.language)


def _read_entries(given: Any, wanted: Wanted) -> Iterator[Entry]:
    """The entries of an answer that are of the song; whatever is of a wrong type is left out."""
    for one in given[:MAX_ENTRIES] if isinstance(given, list) else ():
        if not isinstance(one, dict):
            continue
        number, text = one.get("id"), one.get("syncedLyrics")
        names = one.get("artistName"), one.get("trackName")
        if not _is_count(number) or not isinstance(text, str) or len(text) > MAX_LETTERS:
            continue
        if not _is_alike(names[0], wanted.artist) or not _is_alike(names[1], wanted.title):
            continue
        text = replace_surrogates(text)
        yield Entry(number, _read_duration(one.get("duration")), text)


def _is_count(given: Any) -> TypeGuard[int]:
    return type(given) is int and 0 <= given < 2**53


def _read_duration(given: Any) -> float:
    is_number = type(given) in (int, float) and 0 <= given < 1e6
    return float(given) if is_number else 0.0


def _is_alike(given: Any, wanted: str) -> bool:
    """Whether a name is the wanted one, but for case, marks and additions."""
    from rapidfuzz.fuzz import token_set_ratio

    if not isinstance(given, str):
        return False
    ours, theirs = (" ".join(split_text(one[:MAX_NAME_LETTERS])) for one in (wanted, given))
    return bool(ours) and token_set_ratio(ours, theirs) >= MIN_ALIKE
