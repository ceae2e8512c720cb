"""The command that fills a library: `mvsearch index`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.opening import load_encoders, open_library
from mvsearch.search.commands.options import JsonOption, LibraryOption, read_path
from mvsearch.search.commands.process import EXIT_FAILURES, EXIT_INTERRUPTED
from mvsearch.search.output.terminal import make_console, print_json
from mvsearch.store.errors import MvsearchError

app = typer.Typer()

ProfileName = Literal["embedded", "paper", "semantic"]
LyricsModeName = Literal["auto", "sidecar", "whisper", "off"]
WhisperEngineName = Literal["auto", "openai", "faster"]


@app.command()
def index(
    folder: Annotated[
        Path,
        typer.Argument(parser=read_path, metavar="FOLDER", help="A folder of music videos."),
    ],
    library: LibraryOption = None,
    profile: Annotated[
        ProfileName | None,
        typer.Option(help="Which encoders; a library keeps the one that it was begun with."),
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
    as_json: JsonOption = False,
) -> None:
    """Bring the library up to date with a folder: only what is new or changed is worked on."""
    from mvsearch.indexer.encoders import Encoders
    from mvsearch.indexer.features.analysis import AnalysisOptions
    from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions
    from mvsearch.indexer.lyrics.whisper.windows import VOICED_ONLY, WindowOptions
    from mvsearch.indexer.media.hardware import Hardware
    from mvsearch.indexer.pipeline.inventory import explain_absence
    from mvsearch.indexer.pipeline.run import IndexOptions, index_folder
    from mvsearch.search.output.listing import print_summary
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.scoring.null_distribution import measure_backgrounds

    options = IndexOptions(
        lyrics=lyrics,
        whisper_model=whisper_model,
        transcription=TranscribeOptions(
            engine=whisper_engine, windows=VOICED_ONLY if voiced_only else WindowOptions()
        ),
        language=language,
        workers=workers,
        is_recursive=recursive,
        has_retry=retry_failed,
        analysis=AnalysisOptions(
            frame_rate,
            decoded="key" if fast else "needed",
            hardware=Hardware(),
            max_hours=max_hours,
        ),
    )
    if not folder.is_dir():
        raise MvsearchError(explain_absence(folder))
    if profile is not None:
        Encoders(profile).check_weights()  # before an empty library is made
    with open_library(library, create=True) as opened:
        encoders = load_encoders(opened, profile)
        progress = choose_progress(make_console(stderr=True), is_silent=as_json)
        summary = index_folder(folder, opened, encoders, options, progress=progress)
        if not summary.is_interrupted:
            encoders.release()  # the networks hold a hundred MB, and hardly any is used again
            measure_backgrounds(opened, encoders)
    if summary.is_empty:
        below = "" if recursive else ", without the folders below it,"
        raise MvsearchError(
            f"{folder}{below} holds no video and no sound file; name the folder with your music"
            " videos"
        )
    if as_json:
        print_json(summary.to_dict())
    else:
        print_summary(summary, make_console(), folder)
    if summary.is_interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if summary.failures:
        raise typer.Exit(EXIT_FAILURES)
