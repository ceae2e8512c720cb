"""The options that limit a command to some of the videos."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mvsearch.search.commands.options.common import read_path
from mvsearch.store.errors import QueryError

if TYPE_CHECKING:
    from mvsearch.store.catalog.filter import Filter

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
        help="Only lyrics from sidecar, subtitles, tag, plugin, ocr or whisper.",
    ),
]
AddedSinceOption = Annotated[
    str | None,
    typer.Option(
        "--added-since", metavar="DATE", help="Only videos indexed since, such as 2026-01-31."
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
) -> "Filter":
    """Build a filter from options.

    Raises:
        QueryError: an option is invalid.
    """
    from mvsearch.store.catalog.filter import Filter

    first_year, last_year = _parse_years(year)
    shortest, longest = _parse_duration(duration)
    return Filter(
        tuple(tag or ()),
        title,
        artist,
        first_year,
        last_year,
        folder,
        _parse_language(language),
        shortest,
        longest,
        has_lyrics,
        lyrics_source,
        _parse_date(added_since),
    )


def with_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command with a parameter `filter`: replaces it by the options of `make_filter`."""
    options = inspect.signature(make_filter).parameters

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        asked = {name: kwargs.pop(name) for name in options}
        command(*args, filter=make_filter(**asked), **kwargs)

    own = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    for parameter in own.parameters.values():
        parameters += options.values() if parameter.name == "filter" else [parameter]
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


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
