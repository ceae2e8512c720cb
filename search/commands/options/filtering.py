"""The options that limit a command to some of the videos."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mvsearch.search.commands.options.common import read_path
from mvsearch.search.commands.options.expanding import expand
from mvsearch.store.errors import QueryError

if TYPE_CHECKING:
    from mvsearch.store.catalog.filter import Filter
    from mvsearch.store.records import MoodName

# A number from 0 to 1, or none.
_PART = r"(?:\d{0,2}(?:\.\d{1,9})?)"

TagOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="NAME", help="Only videos with this tag (with several: all of them)."
    ),
]
TitleOption = Annotated[
    str | None, typer.Option("--title", metavar="T", help="Only titles with this text.")
]
ArtistOption = Annotated[
    str | None, typer.Option("--artist", metavar="T", help="Only artists with this text.")
]
YearOption = Annotated[
    str | None,
    typer.Option(
        "--year",
        metavar="Y[-Y]",
        help="Only these years (file tags): 1984, 1980-1989, 1980-, -1979.",
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        parser=read_path,
        metavar="DIR",
        help="Only files in this folder and its subfolders.",
    ),
]
LyricsLanguageOption = Annotated[
    str | None,
    typer.Option("--language", metavar="L", help="Only lyrics of this language, such as en."),
]
DurationOption = Annotated[
    str | None,
    typer.Option("--duration", metavar="T-T", help="Only these durations: 2:00-5:00, 90-, -5:00."),
]
HasLyricsOption = Annotated[
    bool | None,
    typer.Option("--has-lyrics/--no-lyrics", help="Only videos with lyrics, or without."),
]
LyricsSourceOption = Annotated[
    str | None,
    typer.Option(
        "--lyrics-source",
        metavar="NAME",
        help="Only lyrics from sidecar, subtitles, tag, plugin, fetched, ocr or whisper.",
    ),
]
AddedSinceOption = Annotated[
    str | None,
    typer.Option(
        "--added-since", metavar="DATE", help="Only videos indexed since, such as 2026-01-31."
    ),
]

MoodOption = Annotated[
    str | None,
    typer.Option(
        "--mood",
        metavar="NAME",
        help="Only videos that are calm, energetic, happy, sad or tense.",
        autocompletion=lambda: ["calm", "energetic", "happy", "sad", "tense"],
    ),
]
ValenceOption = Annotated[
    str | None,
    typer.Option(
        "--valence", metavar="X-X", help="Only moods this pleasant, from 0 to 1: .6-1, .6-, -.4."
    ),
]
ArousalOption = Annotated[
    str | None,
    typer.Option(
        "--arousal", metavar="X-X", help="Only moods this excited, from 0 to 1: .6-1, .6-, -.4."
    ),
]
BpmOption = Annotated[
    str | None,
    typer.Option("--bpm", metavar="N[-N]", help="Only these tempos: 120-128, 140-, -90, 174."),
]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help='Only this key: "A minor", Am, F# or 8A (Camelot).'),
]
HarmonicOption = Annotated[
    bool,
    typer.Option(
        "--harmonic",
        help="With --key: also the keys that go with it, those beside it on Camelot's wheel and"
        " its relative.",
    ),
]


def _by_name(option: str, what: str) -> Any:
    """An option of a name in the metadata."""
    told = f"Only {what} with this name, or this text in it."
    return typer.Option(option, metavar="T", help=told)


AlbumOption = Annotated[
    str | None,
    _by_name("--album", "albums"),
]
GenreOption = Annotated[
    str | None,
    _by_name("--genre", "genres"),
]
DirectorOption = Annotated[
    str | None,
    _by_name("--director", "directors"),
]
StudioOption = Annotated[
    str | None,
    _by_name("--studio", "studios or labels"),
]
ChannelOption = Annotated[
    str | None,
    _by_name("--channel", "channels"),
]
MusicbrainzOption = Annotated[
    str | None,
    typer.Option(
        "--musicbrainz",
        metavar="ID",
        help="Only the recording, release or artist with this MusicBrainz id.",
    ),
]
AboutOption = Annotated[
    str | None,
    typer.Option(
        "--about",
        metavar="WORDS",
        help="Only videos whose names, description, keywords or chapters have these words.",
    ),
]


def make_filter(
    tag: TagOption = None,
    title: TitleOption = None,
    artist: ArtistOption = None,
    year: YearOption = None,
    folder: FolderOption = None,
    language: LyricsLanguageOption = None,
    duration: DurationOption = None,
    has_lyrics: HasLyricsOption = None,
    lyrics_source: LyricsSourceOption = None,
    added_since: AddedSinceOption = None,
    mood: MoodOption = None,
    valence: ValenceOption = None,
    arousal: ArousalOption = None,
    album: AlbumOption = None,
    genre: GenreOption = None,
    director: DirectorOption = None,
    studio: StudioOption = None,
    channel: ChannelOption = None,
    musicbrainz: MusicbrainzOption = None,
    about: AboutOption = None,
    bpm: BpmOption = None,
    key: KeyOption = None,
    harmonic: HarmonicOption = False,
) -> "Filter":
    """Build a filter from options.

    Raises:
        QueryError: an option is invalid.
    """
    from mvsearch.store.catalog.filter import Filter

    if harmonic and key is None:
        raise QueryError("--harmonic needs a key: --key Am --harmonic")
    ranges = {
        ("first_year", "last_year"): _parse_years(year),
        ("min_duration_seconds", "max_duration_seconds"): _parse_duration(duration),
        ("min_valence", "max_valence"): _parse_part("valence", valence),
        ("min_arousal", "max_arousal"): _parse_part("arousal", arousal),
        ("min_bpm", "max_bpm"): _parse_bpm(bpm),
    }
    ends: dict[str, Any] = {
        name: end for names, given in ranges.items() for name, end in zip(names, given, strict=True)
    }
    return Filter(
        tags=tuple(tag or ()),
        title=title,
        artist=artist,
        folder=folder,
        language=_parse_language(language),
        has_lyrics=has_lyrics,
        lyrics_source=lyrics_source,
        added_since=_parse_date(added_since),
        mood=cast("MoodName | None", None if mood is None else mood.strip().lower()),
        album=album,
        genre=genre,
        director=director,
        studio=studio,
        channel=channel,
        musicbrainz=musicbrainz,
        about=about,
        key=None if harmonic else key,
        harmonic=key if harmonic else None,
        **ends,
    )


# Decorates a command with a parameter `filter`.
with_filter = expand("filter", make_filter)
# Of a command where "--harmonic" is about each song and the one before.
with_filter_of_mix = expand("filter", make_filter, without=("harmonic",))


def _parse_years(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    first, mark, last = (part.strip() for part in text.partition("-"))
    ends = [first, last] if mark else [first, first]
    is_given = any(ends) and all(not end or (end.isascii() and end.isdigit()) for end in ends)
    if not is_given or max(map(len, ends)) > 4:
        raise QueryError(f"--year is written 1984, 1980-1989, 1980- or -1979, not {text!r}")
    first_year, last_year = (int(end) if end else None for end in ends)
    return first_year, last_year


def _parse_duration(text: str | None) -> tuple[float | None, float | None]:
    from mvsearch.search.query.query import parse_time

    if text is None:
        return None, None
    first, mark, last = text.partition("-")
    if not mark or not (first.strip() or last.strip()):
        raise QueryError(f"--duration is written 2:00-5:00, 90- or -5:00, not {text!r}")
    shortest, longest = (parse_time(end) if end.strip() else None for end in (first, last))
    return shortest, longest


def _parse_part(name: str, text: str | None) -> tuple[float | None, float | None]:
    """A range of valence or arousal."""
    if text is None:
        return None, None
    first, mark, last = (part.strip() for part in text.partition("-"))
    is_given = mark and (first or last) and all(re.fullmatch(_PART, end) for end in (first, last))
    if not is_given:
        raise QueryError(f"--{name} is written .6-1, .6- or -.4, not {text!r}")
    low, high = (float(end) if end else None for end in (first, last))
    return low, high


def _parse_bpm(text: str | None) -> tuple[float | None, float | None]:
    """A range of tempos; a number alone is rounded as people say it."""
    if text is None:
        return None, None
    first, mark, last = (part.strip() for part in text.partition("-"))
    given = [end for end in (first, last) if end]
    if not given or not all(re.fullmatch(r"\d{1,4}(\.\d{1,3})?", end) for end in given):
        raise QueryError(f"--bpm is written 120-128, 140-, -90 or 174, not {text!r}")
    if not mark:
        return max(0.0, float(first) - 0.5), float(first) + 0.5
    low, high = (float(end) if end else None for end in (first, last))
    return low, high


def _parse_language(text: str | None) -> str | None:
    from mvsearch.indexer.lyrics.files.languages import check_language, find_language

    check_language(text)
    return find_language(text) or text


def _parse_date(text: str | None) -> Any:
    from datetime import date, datetime

    if text is None:
        return None
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        raise QueryError(
            f"--added-since is a date such as 2026-01-31, or with a time after a T, not {text!r}"
        ) from None
