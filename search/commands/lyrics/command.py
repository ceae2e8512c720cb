"""The command of lyrics: prints and writes them, and fits them to what is heard."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mvsearch.search.commands.index import LanguageOption, WhisperModelOption
from mvsearch.search.commands.lyrics.fitting import FitAsked, fit_lyrics
from mvsearch.search.commands.options.common import (
    ForceOption,
    JsonOption,
    LibraryOption,
    MaybeVideoArgument,
    read_path,
)
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.search.output.terminal import print_text
from mvsearch.store.errors import MvsearchError, QueryError

if TYPE_CHECKING:
    from mvsearch import VideoLibrary
    from mvsearch.store.records import Lyrics, Video

app = typer.Typer()

LyricsForm = Literal["txt", "csv", "lrc", "srt"]
FitBy = Literal["words", "voice"]
ServiceName = Literal["lrclib"]


@app.command(epilog=show_examples("lyrics"))
def lyrics(
    video: MaybeVideoArgument = None,
    for_all: Annotated[bool, typer.Option("--all", help="All videos with lyrics.")] = False,
    form: Annotated[
        LyricsForm | None, typer.Option("--format", help="Format of the files; default: txt.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(parser=read_path, metavar="DIR", help="Write files; csv also writes txt."),
    ] = None,
    force: ForceOption = False,
    fit: Annotated[
        bool, typer.Option("--fit", help="Tell how early or late the lyrics are, by what is heard.")
    ] = False,
    by: Annotated[
        FitBy | None,
        typer.Option(help="words: by Whisper; voice: quicker, less sure."),
    ] = None,
    fetch: Annotated[
        ServiceName | None,
        typer.Option(help="Ask this service for lyrics, and fit these; artist and title are sent."),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Move the lyrics of the library so, if it is sure.")
    ] = False,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="As --apply, and write an LRC file beside the video; keeps the old one.",
        ),
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Put lyrics and file back as before --apply or --write.")
    ] = False,
    whisper_model: WhisperModelOption = None,
    language: LanguageOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print lyrics, write them to files, or fit their times to what is heard in the video."""
    import mvsearch

    if (video is None) != for_all:
        raise MvsearchError("give one VIDEO, or --all")
    asked = FitAsked(by, fetch, apply, write, undo, whisper_model, language)
    is_fit = fit or asked.is_given
    if is_fit and (form is not None or out is not None or force):
        raise MvsearchError("--format, --out and --force go without --fit")
    if as_json and not is_fit:
        raise MvsearchError("--json is for --fit; --format csv has all that is known of the lines")
    with mvsearch.open(library) as opened:
        if is_fit:
            if not fit_lyrics(opened, video, asked, as_json=as_json):
                raise typer.Exit(EXIT_FAILURES)
        else:
            _write_lyrics(opened, video, form or "txt", out, has_force=force)


def _write_lyrics(
    opened: "VideoLibrary",
    video: str | None,
    form: LyricsForm,
    out: Path | None,
    *,
    has_force: bool,
) -> None:
    """Print the lyrics of a video, or write those of one or all into a folder."""
    from mvsearch.search.output.files import write_output
    from mvsearch.search.output.lyrics_files import format_lyrics, name_lyrics
    from mvsearch.store.unicode import printable

    if video is None and out is None:
        raise MvsearchError("--all writes files: give their folder with --out DIR")
    known = opened.all_lyrics() if video is None else [_read_lyrics(opened, video)]
    if out is None:
        print_text(format_lyrics(known[0][1], form))
        return
    files: dict[Path, bytes] = {}
    for chosen, found in known:
        try:
            files |= name_lyrics(found, chosen, form, out, files)
        except QueryError as error:
            if video is not None:
                raise
            typer.echo(printable(f"{chosen.title}: {error}"), err=True)
    write_output(files, has_force=has_force, is_media=opened.holds_file)
    typer.echo(f"{len(files)} {'file' if len(files) == 1 else 'files'} written to {out}")


def _read_lyrics(library: "VideoLibrary", name: str) -> "tuple[Video, Lyrics]":
    """A video and its lyrics.

    Raises:
        MvsearchError: there is no such video, or it has no lyrics.
    """
    video = library.find(name)
    found = library.lyrics(video)
    if found is None:
        raise MvsearchError(f"there are no lyrics of {video.title!r}")
    return video, found
