"""The command that indexes folders and files: `mvsearch index`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption, read_path
from mvsearch.search.commands.options.completion import complete_profile
from mvsearch.search.commands.options.configuration import has_library, is_from_file
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES, EXIT_INTERRUPTED
from mvsearch.search.output.terminal import make_console, print_json

app = typer.Typer()

LyricsModeName = Literal["auto", "sidecar", "whisper", "off"]
WhisperEngineName = Literal["auto", "openai", "faster"]


@app.command(epilog=show_examples("index"))
def index(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            parser=read_path, metavar="PATH...", help="Folders of music videos, or single files."
        ),
    ],
    library: LibraryOption = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="embedded|paper|semantic|NAME",
            help="Encoders of a new library; an existing one keeps its own.",
            autocompletion=complete_profile,
        ),
    ] = None,
    lyrics: Annotated[
        LyricsModeName,
        typer.Option(help="auto: lyric file, subtitles, tag, plug-ins, then Whisper if installed."),
    ] = "auto",
    whisper_model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE|DIR", help="Whisper model, checkpoint, or CTranslate2 folder."
        ),
    ] = None,
    whisper_engine: Annotated[
        WhisperEngineName | None,
        typer.Option(help="Whisper engine; auto: faster-whisper if installed and without a GPU."),
    ] = None,
    voiced_only: Annotated[
        bool,
        typer.Option(
            "--voiced-only", help="Transcribe only detected voices: faster, but may miss lines."
        ),
    ] = False,
    language: Annotated[
        str | None, typer.Option(metavar="L", help="Language of the songs, such as en.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Files in parallel.")] = None,
    recursive: Annotated[bool, typer.Option(help="Include subfolders.")] = True,
    frame_rate: Annotated[
        float | None,
        typer.Option(min=0.01, max=30, help="Frames per second; default: by duration."),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option("--fast", help="Key frames only; a later run without it adds the others."),
    ] = False,
    max_hours: Annotated[float, typer.Option(min=0.01, help="Refuse longer files.")] = 12.0,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try failed files again.")
    ] = False,
    include_removed: Annotated[
        bool,
        typer.Option("--include-removed", help="Index removed videos again."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Index folders and files: only new and changed files are processed."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.tables.listing import print_summary

    if is_from_file(context, "profile") and has_library(library):
        profile = None  # the configuration file sets the profile of new libraries only
    with mvsearch.open(library, profile=profile) as opened:
        summary = opened.index(
            *paths,
            progress=choose_progress(make_console(stderr=True), is_silent=as_json),
            lyrics=lyrics,
            whisper_model=whisper_model,
            whisper_engine=whisper_engine,
            voiced_only=voiced_only,
            language=language,
            workers=workers,
            recursive=recursive,
            frame_rate=frame_rate,
            fast=fast,
            max_hours=max_hours,
            retry_failed=retry_failed,
            include_removed=include_removed,
        )
    if as_json:
        print_json(summary.to_dict())
    else:
        print_summary(summary, make_console(), paths[0] if len(paths) == 1 else None)
    if summary.is_interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if summary.failures:
        raise typer.Exit(EXIT_FAILURES)
