"""The commands that fill a library: `mvsearch index` and `mvsearch transcribe`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption, read_path
from mvsearch.search.commands.options.completion import complete_profile
from mvsearch.search.commands.options.configuration import has_library, is_from_file
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.observing import MetricsOption, observed
from mvsearch.search.commands.process import EXIT_FAILURES, EXIT_INTERRUPTED
from mvsearch.search.output.terminal import make_console, print_json

if TYPE_CHECKING:
    from mvsearch.search.output.tables.listing import RunSummary

app = typer.Typer()

LyricsModeName = Literal["auto", "later", "sidecar", "whisper", "off"]
WhisperEngineName = Literal["auto", "openai", "faster"]


WhisperModelOption = Annotated[
    str | None,
    typer.Option(metavar="NAME|FILE|DIR", help="Whisper model, checkpoint, or CTranslate2 folder."),
]
WhisperEngineOption = Annotated[
    WhisperEngineName | None,
    typer.Option(help="Whisper engine; auto: faster-whisper if installed and without a GPU."),
]
VoicedOnlyOption = Annotated[
    bool,
    typer.Option(
        "--voiced-only", help="Transcribe only detected voices: faster, but may miss lines."
    ),
]
LanguageOption = Annotated[
    str | None, typer.Option(metavar="L", help="Language of the songs, such as en.")
]


OnOption = Annotated[
    str | None,
    typer.Option(
        metavar="ray|ray://HOST:PORT",
        help="Decode and encode on Ray: on this machine or $RAY_ADDRESS, or on another cluster.",
    ),
]
WorkerCpusOption = Annotated[
    float | None,
    typer.Option(min=0.01, metavar="N", help="With --on: cores that each worker reserves."),
]
WorkerGpusOption = Annotated[
    float, typer.Option(min=0.0, metavar="N", help="With --on: GPUs that each worker reserves.")
]
UploadOption = Annotated[
    bool, typer.Option("--upload", help="With --on: send files to nodes without the folder.")
]


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
            metavar="embedded|sound|music|paper|semantic|NAME",
            help="Encoders of a new library; an existing one keeps its own.",
            autocompletion=complete_profile,
        ),
    ] = None,
    lyrics: Annotated[
        LyricsModeName,
        typer.Option(
            help="auto: lyric file, subtitles, tag, plug-ins, then Whisper if installed; later:"
            " Whisper by `mvsearch transcribe`."
        ),
    ] = "auto",
    whisper_model: WhisperModelOption = None,
    whisper_engine: WhisperEngineOption = None,
    voiced_only: VoicedOnlyOption = False,
    language: LanguageOption = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Files in parallel; with --on, in all nodes.")
    ] = None,
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
    ocr: Annotated[
        bool | None,
        typer.Option(
            "--ocr/--no-ocr",
            help="Read text in the picture; default: if the library has such text.",
            show_default=False,
        ),
    ] = None,
    metrics: MetricsOption = None,
    vectors: Annotated[
        str | None,
        typer.Option(
            "--vectors",
            metavar="NAME",
            help="What searches the vectors of a library in PostgreSQL: pgvector, faiss or"
            " milvus://HOST:PORT.",
        ),
    ] = None,
    on: OnOption = None,
    worker_cpus: WorkerCpusOption = None,
    worker_gpus: WorkerGpusOption = 0.0,
    upload: UploadOption = False,
    as_json: JsonOption = False,
) -> None:
    """Index folders and files: only new and changed files are processed."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.tables.listing import print_summary

    if is_from_file(context, "profile") and has_library(library):
        profile = None  # the configuration file sets the profile of new libraries only
    with observed("index", metrics), mvsearch.open(library, profile=profile) as opened:
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
            ocr=ocr,
            vectors=vectors,
            on=on,
            worker_cpus=worker_cpus,
            worker_gpus=worker_gpus,
            upload=upload,
        )
    if as_json:
        print_json(summary.to_dict())
    else:
        print_summary(summary, make_console(), paths[0] if len(paths) == 1 else None)
    _end(summary)


@app.command(epilog=show_examples("transcribe"))
def transcribe(
    videos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VIDEO...",
            help="Titles, paths or ids; default: all videos whose lyrics are pending.",
        ),
    ] = None,
    library: LibraryOption = None,
    whisper_model: WhisperModelOption = None,
    whisper_engine: WhisperEngineOption = None,
    voiced_only: VoicedOnlyOption = False,
    language: LanguageOption = None,
    metrics: MetricsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Transcribe videos, by default those without lyrics from a file, subtitles or a tag."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.tables.listing import print_transcription

    with observed("transcribe", metrics), mvsearch.open(library) as opened:
        summary = opened.transcribe(
            *(videos or ()),
            progress=choose_progress(make_console(stderr=True), is_silent=as_json),
            whisper_model=whisper_model,
            whisper_engine=whisper_engine,
            voiced_only=voiced_only,
            language=language,
        )
    if as_json:
        print_json(summary.to_dict())
    else:
        print_transcription(summary, make_console())
    _end(summary)


def _end(summary: "RunSummary") -> None:
    """End with the exit code of a run."""
    if summary.is_interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if summary.failures:
        raise typer.Exit(EXIT_FAILURES)
