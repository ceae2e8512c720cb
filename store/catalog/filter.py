"""Filters of videos: by tags, names, years and other properties."""

import re
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from mvsearch.store.database.columns import MAX_SECONDS
from mvsearch.store.errors import QueryError
from mvsearch.store.records.metadata import FACET_FIELDS
from mvsearch.store.records.moods import MOOD_NAMES, MOOD_REGIONS, MoodName
from mvsearch.store.records.tempo_and_key import KEYS, MAX_BPM, list_harmonic, parse_key
from mvsearch.store.unicode import MAX_NAME_LETTERS, fold_name, printable

MAX_YEAR = 9999
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# SQLite limits the number of conditions in one statement.
MAX_TAGS = 100
MAX_ABOUT_WORDS = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions on videos; a video passes if it meets all of them.

    A condition on a value that is unknown is not met.

    Attributes:
        tags: names of tags; the video has all of them.
        title, artist: part of the name; case and accents do not matter.
        first_year, last_year: range of the year in the file's tags, both included.
        folder: contains a file of the video, at any depth.
        language: of the lyrics, ISO 639-1.
        min_duration_seconds, max_duration_seconds: range of the duration, both included.
        has_lyrics: whether any line of lyrics is indexed.
        lyrics_source: "sidecar", "subtitles", "tag", "plugin", "fetched", "ocr" or "whisper".
        added_since: earliest time at which the video was added, included; a date means local
            midnight, a time without a zone is local.
        ids: of the videos that may pass; None for all.
        mood: of the video as a whole; `MOOD_REGIONS` says what each name means.
        min_valence, max_valence, min_arousal, max_arousal: ranges of the mood of the video as a
            whole, from 0 to 1, both ends included.
        album, genre, director, studio, channel: one of the values by this name, or if no video of
            the library has that name as a whole, a part of it; case and accents do not matter.
        musicbrainz: a MusicBrainz id of the recording, its release, an artist or another of them.
        about: words that all occur in the metadata: names, description, keywords or chapters.
        min_bpm, max_bpm: range of the tempo, both ends included.
        key: of the sound, such as "A minor", "Am" or "8A".
        harmonic: a key likewise; those that sound well after it pass too: the hours beside it on
            Camelot's wheel, and its relative.

    Raises:
        QueryError: a condition is empty, or no video can meet it.
    """

    tags: tuple[str, ...] = ()
    title: str | None = None
    artist: str | None = None
    first_year: int | None = None
    last_year: int | None = None
    folder: Path | None = None
    language: str | None = None
    min_duration_seconds: float | None = None
    max_duration_seconds: float | None = None
    has_lyrics: bool | None = None
    lyrics_source: str | None = None
    added_since: date | None = None
    ids: tuple[str, ...] | None = None
    mood: MoodName | None = None
    min_valence: float | None = None
    max_valence: float | None = None
    min_arousal: float | None = None
    max_arousal: float | None = None
    album: str | None = None
    genre: str | None = None
    director: str | None = None
    studio: str | None = None
    channel: str | None = None
    musicbrainz: str | None = None
    about: str | None = None
    min_bpm: float | None = None
    max_bpm: float | None = None
    key: str | None = None
    harmonic: str | None = None

    def __post_init__(self) -> None:
        """Validate the conditions."""
        if len(self.tags) > MAX_TAGS:
            raise QueryError(f"a filter has at most {MAX_TAGS} tags")
        for name, words in self._words():
            _check_words(name, words)
        for name, low, high in (
            ("year", self.first_year, self.last_year),
            ("duration", self.min_duration_seconds, self.max_duration_seconds),
            ("valence", self.min_valence, self.max_valence),
            ("arousal", self.min_arousal, self.max_arousal),
            ("tempo", self.min_bpm, self.max_bpm),
        ):
            _check_range(name, low, high)
        if self.mood is not None and self.mood not in MOOD_REGIONS:
            raise QueryError(
                f"no mood is called {str(self.mood)[:40]!r}; there are {', '.join(MOOD_NAMES)}"
            )
        if self.musicbrainz is not None and not is_uuid(self.musicbrainz):
            raise QueryError(
                "a MusicBrainz id has 36 characters, such as"
                f" b1a9c0e9-d987-4042-ae91-78d6a3267d69, not {self.musicbrainz[:40]!r}"
            )
        if len((self.about or "").split()) > MAX_ABOUT_WORDS:
            raise QueryError(f"a filter has at most {MAX_ABOUT_WORDS} words of the metadata")
        if self.has_lyrics is False and (self.language or self.lyrics_source):
            raise QueryError("a video without lyrics has no language or source of lyrics")
        if self.folder is not None and "\0" in str(self.folder):
            raise QueryError("no folder has a zero byte in its name")
        _ = self.added_since_seconds, self.keys

    @property
    def added_since_seconds(self) -> float | None:
        """`added_since` as seconds since 1970, UTC.

        Raises:
            QueryError: the time is out of range.
        """
        since = self.added_since
        if since is None:
            return None
        moment = since if isinstance(since, datetime) else datetime.combine(since, time())
        try:
            return moment.timestamp()
        except (OverflowError, OSError, ValueError):
            raise QueryError(f"no video was added as early or late as {since}") from None

    @property
    def asks_mood(self) -> bool:
        """Whether there is a condition on the mood."""
        ends = (self.min_valence, self.max_valence, self.min_arousal, self.max_arousal)
        return self.mood is not None or any(end is not None for end in ends)

    @property
    def keys(self) -> tuple[str, ...] | None:
        """The keys that pass, of `KEYS`; None if there is no condition on the key.

        Raises:
            QueryError: no key passes, or a text names none.
        """
        if self.key is None and self.harmonic is None:
            return None
        passing = KEYS if self.key is None else (_read_key(self.key),)
        if self.harmonic is not None:
            after = list_harmonic(_read_key(self.harmonic))
            passing = tuple(key for key in passing if key in after)
        if not passing:
            raise QueryError(f"{self.key} is not harmonic with {self.harmonic}")
        return passing

    @property
    def asks_tempo(self) -> bool:
        """Whether there is a condition on the tempo or the key."""
        asked = (self.min_bpm, self.max_bpm, self.key, self.harmonic)
        return any(one is not None for one in asked)

    def __bool__(self) -> bool:
        """Whether there is any condition."""
        return self != Filter()

    def to_dict(self) -> dict[str, Any]:
        """The given conditions by name, in the form of the JSON output."""
        found = {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        }
        return {name: _to_json(value) for name, value in found.items()}

    def __str__(self) -> str:
        """The conditions as text, such as `artist 'luna', year 1980-1989`."""
        said = [f"{name} {words!r}" for name, words in self._words()]
        said += _say_range("year", self.first_year, self.last_year)
        said += _say_range("seconds", self.min_duration_seconds, self.max_duration_seconds)
        if self.folder is not None:
            said.append(f"folder {str(self.folder)!r}")
        if self.has_lyrics is not None:
            said.append("with lyrics" if self.has_lyrics else "without lyrics")
        if self.added_since is not None:
            said.append(f"added since {self.added_since}")
        if self.mood is not None:
            said.append(f"mood {self.mood}")
        said += _say_range("valence", self.min_valence, self.max_valence)
        said += _say_range("arousal", self.min_arousal, self.max_arousal)
        said += _say_range("bpm", self.min_bpm, self.max_bpm)
        said += [f"key {_read_key(self.key)}"] if self.key is not None else []
        said += [f"harmonic with {_read_key(self.harmonic)}"] if self.harmonic is not None else []
        if self.ids is not None:
            said.append(f"one of {len(self.ids)} chosen videos")
        return ", ".join(said)

    def _words(self) -> list[tuple[str, str]]:
        """The names and values of the conditions on text."""
        named = (
            *(("tag", tag) for tag in self.tags),
            ("title", self.title),
            ("artist", self.artist),
            ("language", self.language),
            ("lyrics source", self.lyrics_source),
            *((name, getattr(self, name)) for name in (*FACET_FIELDS, "musicbrainz", "about")),
        )
        return [(name, words) for name, words in named if words is not None]


def _check_words(name: str, words: str) -> None:
    if not fold_name(words):
        raise QueryError(f"the {name} to filter by is empty")
    if len(words) > MAX_NAME_LETTERS:
        raise QueryError(
            f"the {name} to filter by has {len(words)} letters; at most {MAX_NAME_LETTERS} are read"
        )


def is_uuid(text: str) -> bool:
    """Whether a text is written as MusicBrainz writes ids."""
    return _UUID.fullmatch(text.strip()) is not None


_MOST = {
    "year": MAX_YEAR,
    "duration": MAX_SECONDS,
    "valence": 1.0,
    "arousal": 1.0,
    "tempo": MAX_BPM,
}


def _check_range(name: str, low: float | None, high: float | None) -> None:
    most = _MOST[name]
    for end in (low, high):
        if end is not None and not 0 <= end <= most:
            article = "an" if name == "arousal" else "a"
            raise QueryError(f"{article} {name} to filter by is from 0 to {most:.0f}")
    if low is not None and high is not None and low > high:
        raise QueryError(f"the first {name} is not above the last: {low:g}-{high:g}")


def _read_key(text: str) -> str:
    """The key that a text names.

    Raises:
        QueryError: it names none.
    """
    key = parse_key(text)
    if key is None:
        raise QueryError(
            f"a key is written A minor, Am, F# or 8A (Camelot), not {printable(text)[:40]!r}"
        )
    return key


def _say_range(name: str, low: float | None, high: float | None) -> list[str]:
    if low is None and high is None:
        return []
    if low == high:
        return [f"{name} {low:g}"]
    ends = ("" if end is None else f"{end:g}" for end in (low, high))
    return [f"{name} {'-'.join(ends)}"]


def _to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [printable(one) for one in value]
    return printable(value) if isinstance(value, (str, Path, date)) else value
