"""The command that indexes folders and files: `mvsearch index`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.configuration import has_library, is_from_file
from mvsearch.search.commands.examples import show_examples
from mvsearch.search.commands.options import JsonOption, LibraryOption, read_path
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
            help="Which encoders; a library keeps the one that it was begun with.",
        ),
    ] = None,
    lyrics: Annotated[
        LyricsModeName,
        typer.Option(help="auto: side-car, subtitles, tag, then Whisper if its weights are there."),
    ] = "auto",
    whisper_model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE|DIR", help="Whisper model, checkpoint, or folder of CTranslate2."
        ),
    ] = None,
    whisper_engine: Annotated[
        WhisperEngineName | None,
        typer.Option(help="What runs Whisper; auto: faster-whisper where installed and no GPU is."),
    ] = None,
    voiced_only: Annotated[
        bool,
        typer.Option(
            "--voiced-only", help="Let Whisper skip where no voice is detected: it may miss lines."
        ),
    ] = False,
    language: Annotated[
        str | None, typer.Option(metavar="L", help="Language sung, such as en.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Files at once.")] = None,
    recursive: Annotated[bool, typer.Option(help="Look into folders below.")] = True,
    frame_rate: Annotated[
        float | None,
        typer.Option(min=0.01, max=30, help="Frames a second, instead of the rate by duration."),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option("--fast", help="Key frames only; a later run without it takes the others."),
    ] = False,
    max_hours: Annotated[
        float, typer.Option(min=0.01, help="A file that claims or yields more hours is refused.")
    ] = 12.0,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try files again that failed before.")
    ] = False,
    include_removed: Annotated[
        bool,
        typer.Option("--include-removed", help="Bring back what mvsearch remove has taken out."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the library up to date with folders: only what is new or changed is worked on."""
    import mvsearch
    from mvsearch.search.output.listing import print_summary
    from mvsearch.search.output.progress import choose_progress

    if is_from_file(context, "profile") and has_library(library):
        profile = None  # the file names the profile of new libraries
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
