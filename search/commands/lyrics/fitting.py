"""Fits lyrics for the command line: one video or all, shown, applied, written or undone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import typer

from mvsearch.search.output.terminal import make_console, print_json
from mvsearch.store.errors import CancelledError, LibraryBusyError, MvsearchError
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch import FittedLyrics, Video, VideoLibrary


@dataclass(frozen=True, slots=True)
class FitAsked:
    """What the command line asks for.

    Attributes:
        by: what the lyrics are compared with.
        fetch: the service that is asked for lyrics.
        apply, write, undo: what is done with a fit.
        whisper_model, language: of the transcription.
    """

    by: Literal["words", "voice"] | None = None
    fetch: Literal["lrclib"] | None = None
    apply: bool = False
    write: bool = False
    undo: bool = False
    whisper_model: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        """Refuse what excludes each other."""
        if self.undo and (self.apply or self.write or self.by or self.fetch):
            raise MvsearchError("--undo goes alone")

    @property
    def is_given(self) -> bool:
        """Whether anything but printing is asked for."""
        given = (self.by, self.fetch)
        return self.apply or self.write or self.undo or any(one is not None for one in given)


def fit_lyrics(
    opened: "VideoLibrary", video: str | None, asked: FitAsked, *, as_json: bool
) -> bool:
    """Fit the lyrics of a video, or of all, and tell how.

    Of all videos, one that fails is told on standard error, and the next is taken.

    Returns:
        Whether none failed.
    """
    if asked.undo:
        return _undo(opened, video)
    found, n_failed = list["FittedLyrics"](), 0
    for chosen in _list_videos(opened, video, asked):
        try:
            told = _fit(opened, chosen, asked, as_json=as_json)
        except (CancelledError, LibraryBusyError):
            raise
        except MvsearchError as error:
            if video is not None:
                raise
            n_failed += 1
            typer.echo(printable(f"{chosen.title}: {error}"), err=True)
            continue
        found.append(told)
        if not as_json:
            _print(told, asked)
    if as_json:
        print_json([one.to_dict() for one in found] if video is None else found[0].to_dict())
    elif not found and not n_failed:
        typer.echo("no video has lyrics with times that could be fitted")
    return n_failed == 0


def _list_videos(opened: "VideoLibrary", video: str | None, asked: FitAsked) -> "Iterator[Video]":
    """The videos that are asked for; of all, those whose lyrics can be fitted or fetched."""
    if video is not None:
        yield opened.find(video)
        return
    for one in opened.videos():
        lyrics = opened.lyrics(one)
        is_own = lyrics is not None and lyrics.source in ("whisper", "ocr")
        is_timed = lyrics is not None and lyrics.is_timed and not is_own
        if (not is_timed) if asked.fetch else is_timed:
            yield one


def _fit(
    opened: "VideoLibrary", video: "Video", asked: FitAsked, *, as_json: bool
) -> "FittedLyrics":
    """Fit the lyrics of a video, unless that was done, and apply what is sure."""
    from mvsearch.search.output.progress import choose_progress

    told = opened.lyrics_fit(video) if (asked.apply or asked.write) and not asked.fetch else None
    if told is None or asked.by not in (None, told.fit.evidence):
        told = opened.fit_lyrics(
            video,
            by=asked.by,
            fetch=asked.fetch,
            progress=choose_progress(make_console(stderr=True), is_silent=as_json),
            whisper_model=asked.whisper_model,
            language=asked.language,
        )
    is_unwritten = told.state == "applied" and asked.write and not told.file
    if is_unwritten or (told.state == "offered" and (asked.apply or asked.write)):
        told = opened.apply_lyrics_fit(video, write=asked.write)
    return told


def _print(told: "FittedLyrics", asked: FitAsked) -> None:
    from mvsearch.search.output.tables.lyric_fits import explain_fit

    typer.echo(explain_fit(told))
    if told.state == "offered" and not (asked.apply or asked.write):
        typer.echo("--apply moves the lyrics of the library, --write also writes an LRC file")


def _undo(opened: "VideoLibrary", video: str | None) -> bool:
    """Undo the fit of a video, or of all that were moved."""
    if video is not None:
        opened.undo_lyrics_fit(video)
        typer.echo(printable(f"{opened.find(video).title}: the lyrics are as before"))
        return True
    n_failed = 0
    for one in opened.videos():
        told = opened.lyrics_fit(one)
        if told is None or told.state != "applied":
            continue
        try:
            opened.undo_lyrics_fit(one)
            typer.echo(printable(f"{one.title}: the lyrics are as before"))
        except LibraryBusyError:
            raise
        except MvsearchError as error:
            n_failed += 1
            typer.echo(printable(f"{one.title}: {error}"), err=True)
    return n_failed == 0
