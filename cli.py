"""The `mvsearch` command line: parses arguments, calls the library, prints results."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mvsearch.search.commands.metric_pairs import metric_app
from mvsearch.search.output.terminal import (
    EXIT_FAILURES,
    EXIT_INTERRUPTED,
    ForceOption,
    deliver,
    end_process,
    make_console,
    print_json,
    print_text,
    read_path,
    require_command,
    run_app,
    write_file,
)
from mvsearch.store.errors import MvsearchError, QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mvsearch.indexer.encoders import Encoders
    from mvsearch.indexer.encoders.networks.weights import ModelStatus
    from mvsearch.search.evaluation.evaluation import Evaluation
    from mvsearch.store.library import Library
    from mvsearch.store.records import Video

app = typer.Typer(
    name="mvsearch",
    help="Search a folder of music videos by picture, clip, sound, lyric line or words.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(help="The weights that encoders need.")
models_app.callback(invoke_without_command=True)(require_command)
app.add_typer(models_app, name="models")
app.add_typer(metric_app, name="metric")


ProfileName = Literal["embedded", "paper", "semantic"]
LyricsModeName = Literal["auto", "sidecar", "whisper", "off"]
WhisperEngineName = Literal["auto", "openai", "faster"]
FusionName = Literal["weighted", "calibrated", "rrf"]
ReportForm = Literal["table", "txt", "csv", "json", "html", "m3u"]
VersionsForm = Literal["table", "json", "html"]
LyricsForm = Literal["txt", "csv", "lrc", "srt"]

LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        parser=read_path,
        metavar="DIR",
        help="Where the library lives; else $MVSEARCH_LIBRARY, else the platform's data folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
TopOption = Annotated[int, typer.Option("--top", min=1, help="How many videos.")]
WeightsOption = Annotated[
    str | None,
    typer.Option("--weights", metavar="M=W,…", help="Such as frames=.6,lyrics=.4,audio=0."),
]
FusionOption = Annotated[
    FusionName | None,
    typer.Option("--fusion", help="How modalities are fused; else as suits the profile."),
]
CollapseOption = Annotated[
    bool, typer.Option("--collapse", help="Show copies of a video under the best one.")
]
PerArtistOption = Annotated[
    int | None, typer.Option("--per-artist", min=1, metavar="N", help="At most N of one artist.")
]
VIDEO_HELP = "An id or its beginning, a path, or part of a title."
VideoArgument = Annotated[str, typer.Argument(metavar="VIDEO", help=VIDEO_HELP)]
MaybeVideoArgument = Annotated[str | None, typer.Argument(metavar="VIDEO", help=VIDEO_HELP)]


@app.callback()
def begin(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Answer what needs no command."""
    if version:
        from mvsearch.store.distribution import read_version

        typer.echo(f"mvsearch {read_version() or '(run from its folder)'}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


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
    from mvsearch.search.output.listing import print_summary, summary_to_dict
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
    with _open(library, create=True) as opened:
        encoders = _load_encoders(opened, profile)
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
        print_json(summary_to_dict(summary))
    else:
        print_summary(summary, make_console(), folder)
    if summary.is_interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if summary.failures:
        raise typer.Exit(EXIT_FAILURES)


@app.command()
def search(
    text: Annotated[
        list[str] | None, typer.Option(metavar="T", help="Words: what is seen, sung or heard.")
    ] = None,
    lyric: Annotated[
        list[str] | None, typer.Option(metavar="T", help="A line that is sung.")
    ] = None,
    image: Annotated[list[str] | None, typer.Option(metavar="FILE", help="A picture.")] = None,
    clip: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE[@START-END]", help="A piece of video: picture and sound."),
    ] = None,
    audio: Annotated[
        list[str] | None, typer.Option(metavar="FILE[@START-END]", help="A piece of sound.")
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option(metavar="VIDEO[@START-END]", help="A video of the library, or part of it."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only videos with this tag; alone, all of them."),
    ] = None,
    weights: WeightsOption = None,
    fusion: FusionOption = None,
    top: TopOption = 10,
    collapse: CollapseOption = False,
    per_artist: PerArtistOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_m3u: Annotated[bool, typer.Option("--m3u", help="Print a playlist.")] = False,
    library: LibraryOption = None,
) -> None:
    """Find videos, the moment in each, and why; several parts make one query."""
    from mvsearch.search.engine import Engine, SearchOptions, choose_fusion
    from mvsearch.search.output.report import (
        print_results,
        results_to_csv,
        results_to_json,
        results_to_m3u,
    )
    from mvsearch.search.query.query import Query, QueryKind, parse_part, parse_weights

    if as_json + as_csv + as_m3u > 1:
        raise MvsearchError("--json, --csv and --m3u exclude one another")
    asked: dict[QueryKind, list[str] | None] = {
        "text": text, "lyric": lyric, "image": image, "clip": clip, "audio": audio, "like": like,
    }  # fmt: skip
    query = Query(
        tuple(parse_part(kind, value) for kind, values in asked.items() for value in values or ()),
        tuple(tag or ()),
    )
    options = SearchOptions(
        weights=parse_weights(weights) if weights else None,
        top=top,
        has_collapse=collapse,
        per_artist=per_artist,
    )
    with _open(library) as opened:
        encoders = _load_encoders(opened)
        options = replace(options, fusion=choose_fusion(encoders, fusion))
        results = Engine(opened, encoders).search(query, options)
    if as_json:
        print_json(results_to_json(query, options, results))
    elif as_csv:
        print_text(results_to_csv(results))
    elif as_m3u:
        print_text(results_to_m3u(results))
    else:
        print_results(results, make_console())


@app.command()
def similar(
    video: MaybeVideoArgument = None,
    for_all: Annotated[bool, typer.Option("--all", help="The report for every video.")] = False,
    top: TopOption = 10,
    collapse: CollapseOption = False,
    per_artist: PerArtistOption = None,
    weights: WeightsOption = None,
    fusion: FusionOption = None,
    form: Annotated[ReportForm, typer.Option("--format", help="Form of the report.")] = "table",
    out: Annotated[
        Path | None,
        typer.Option(parser=read_path, metavar="FILE", help="Write it to a file."),
    ] = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Report the songs most similar to one, or to each."""
    from mvsearch.indexer.progress import follow
    from mvsearch.search.engine import Engine, SearchOptions, choose_fusion
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.report import ReportOptions, write_report
    from mvsearch.search.query.query import parse_weights

    if (video is None) != for_all:
        raise MvsearchError("name one VIDEO, or say --all")
    options = SearchOptions(
        weights=parse_weights(weights) if weights else None,
        top=top,
        has_collapse=collapse,
        per_artist=per_artist,
    )
    progress = choose_progress(make_console(stderr=True), is_silent=not for_all or form == "json")
    with _open(library) as opened, progress:
        _check_output(out, opened, has_force=force)
        encoders = _load_encoders(opened)
        options = replace(options, fusion=choose_fusion(encoders, fusion))
        engine = Engine(opened, encoders)
        chosen = [_find(opened, video)] if video is not None else opened.catalog.videos()
        shape = ReportOptions(form, for_all, make_console().width, follow(progress, "steps"))
        report = write_report(engine, chosen, options, shape)
    deliver(report, out, has_force=force)


@app.command()
def versions(
    form: Annotated[VersionsForm, typer.Option("--format", help="Form of the report.")] = "table",
    out: Annotated[
        Path | None,
        typer.Option(parser=read_path, metavar="FILE", help="Write it to a file."),
    ] = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Find copies, excerpts, dubs, lyric videos and covers: what agrees over time, and what not."""
    from mvsearch.indexer.progress import follow
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.versions import VersionsReport, write_versions

    progress = choose_progress(make_console(stderr=True), is_silent=form == "json")
    with _open(library) as opened, progress:
        _check_output(out, opened, has_force=force)
        shape = VersionsReport(form, make_console().width, follow(progress, "steps"))
        report = write_versions(opened, shape)
    deliver(report, out, has_force=force)


@app.command()
def evaluate(
    clips: Annotated[
        int, typer.Option(min=1, help="Places to cut at; each is asked with every distortion.")
    ] = 60,
    lengths: Annotated[
        str, typer.Option(metavar="S,…", help="Seconds that clips last, such as 3,5,10.")
    ] = "5",
    distortions: Annotated[
        str, typer.Option(metavar="NAME,…", help="Such as none,crop 70,noise 10; or all.")
    ] = "all",
    kinds: Annotated[
        str, typer.Option(metavar="KIND,…", help="Of queries: clip, image, lyric, similar.")
    ] = "clip,image,lyric,similar",
    groups: Annotated[
        list[Path] | None,
        typer.Option(
            parser=read_path,
            metavar="FILE.csv",
            help="Columns path and group: videos that are right answers for one another.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Measure the same videos under another profile; indexed first."
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="NAME,…", help="Profiles side by side, such as embedded,paper."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample; the same gives the same table.")] = 1,
    workers: Annotated[int | None, typer.Option(min=1, help="Clips at once.")] = None,
    as_json: JsonOption = False,
    html: Annotated[
        Path | None,
        typer.Option(parser=read_path, metavar="FILE", help="Write tables and plots to a page."),
    ] = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Measure how well the library finds what is cut out of it, spoilt in many ways."""
    from mvsearch.indexer.pipeline.profile_libraries import open_sides, parse_profiles
    from mvsearch.indexer.progress import follow
    from mvsearch.search.evaluation.benchmark import BenchmarkOptions, compare_sides
    from mvsearch.search.evaluation.queries.arguments import (
        choose_groups,
        parse_distortions,
        parse_kinds,
        parse_lengths,
    )
    from mvsearch.search.evaluation.queries.sample import SampleOptions
    from mvsearch.search.evaluation.report.page import render_comparison, render_evaluation
    from mvsearch.search.output.progress import choose_progress

    sample = SampleOptions(
        n_clips=clips,
        lengths_seconds=parse_lengths(lengths),
        distortions=parse_distortions(distortions),
        kinds=parse_kinds(kinds),
        seed=seed,
    )
    if profile is not None and compare is not None:
        raise MvsearchError("--profile and --compare exclude one another")
    names = [profile] if profile is not None else []
    names = names if compare is None else parse_profiles(compare)
    with _open(library) as opened:
        _check_output(html, opened, has_force=force)
        chosen = choose_groups(opened, groups or ())
        names = names or [_load_encoders(opened).name]
        make_progress = partial(choose_progress, make_console(stderr=True), is_silent=as_json)
        with open_sides(opened, names, progress=make_progress) as sides:
            with make_progress() as progress:
                evaluations = compare_sides(
                    opened,
                    [(side.library, side.encoders) for side in sides],
                    chosen,
                    BenchmarkOptions(sample, workers),
                    tell=follow(progress, "steps"),
                    announce=progress.note,
                )
            noted = [
                replace(evaluation, notes=(*evaluation.notes, *side.notes))
                for evaluation, side in zip(evaluations, sides, strict=True)
            ]
    _show_evaluations(noted, is_compared=compare is not None, as_json=as_json)
    if html is not None:
        page = render_comparison(noted) if len(noted) > 1 else render_evaluation(noted[0])
        write_file(html, page, has_force=force, is_told=not as_json)


def _show_evaluations(found: "list[Evaluation]", *, is_compared: bool, as_json: bool) -> None:
    """Print what was measured, side by side where that was asked."""
    from mvsearch.search.evaluation.report.as_json import comparison_to_json, evaluation_to_json
    from mvsearch.search.evaluation.report.comparison import print_comparison
    from mvsearch.search.evaluation.report.table import print_evaluation

    if as_json:
        print_json(comparison_to_json(found) if is_compared else evaluation_to_json(found[0]))
    elif len(found) > 1:
        print_comparison(found, make_console())
    else:
        print_evaluation(found[0], make_console())


@app.command()
def lyrics(
    video: MaybeVideoArgument = None,
    for_all: Annotated[bool, typer.Option("--all", help="Every video that has lyrics.")] = False,
    form: Annotated[LyricsForm, typer.Option("--format", help="Form of the files.")] = "txt",
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, metavar="DIR", help="Write files; csv comes with a txt beside it."
        ),
    ] = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Print lyrics, or write them to files."""
    from mvsearch.search.output.files import write_output
    from mvsearch.search.output.lyrics_files import format_lyrics, name_lyrics
    from mvsearch.search.output.text import printable

    if (video is None) != for_all:
        raise MvsearchError("name one VIDEO, or say --all")
    if for_all and out is None:
        raise MvsearchError("--all writes files: say where with --out DIR")
    with _open(library) as opened:
        videos = opened.catalog.videos() if video is None else [_find(opened, video)]
        known = [(one, found) for one in videos if (found := opened.catalog.lyrics(one.id))]
        if video is not None and not known:
            raise MvsearchError(f"no lyrics are known of {videos[0].title!r}")
        if out is None:
            print_text(format_lyrics(known[0][1], form))
            return
        files: dict[Path, bytes] = {}
        for chosen, found in known:
            try:
                files |= name_lyrics(found, chosen, form, out, files)
            except QueryError as error:
                if not for_all:
                    raise
                typer.echo(printable(f"{chosen.title}: {error}"), err=True)
        write_output(files, has_force=force, is_media=_find_media(opened))
    typer.echo(f"{len(files)} {'file' if len(files) == 1 else 'files'} written to {out}")


@app.command("list")
def list_videos(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the videos of the library."""
    from mvsearch.search.output.listing import placed_to_dict, print_videos

    with _open(library) as opened:
        videos = opened.catalog.videos()
    if as_json:
        print_json([placed_to_dict(video) for video in videos])
    else:
        print_videos(videos, make_console())


@app.command()
def show(video: VideoArgument, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show all that is known of a video, lyrics and their source included."""
    from mvsearch.search.output.listing import entry_to_dict, print_entry, read_entry

    with _open(library) as opened:
        entry = read_entry(opened, _find(opened, video))
    if as_json:
        print_json(entry_to_dict(entry))
    else:
        print_entry(entry, make_console())


@app.command()
def remove(
    video: MaybeVideoArgument = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Every video whose files are gone.")
    ] = False,
    library: LibraryOption = None,
) -> None:
    """Take a video out of the library; its files are not touched."""
    if (video is None) != missing:
        raise MvsearchError("name one VIDEO, or say --missing")
    with _open(library) as opened, opened.writing():
        catalog = opened.catalog
        if video is not None:
            paths = [found.path for found in catalog.locations(video_id=_find(opened, video).id)]
        else:
            paths = [found.path for found in catalog.locations() if not found.path.exists()]
            paths += [bad.path for bad in catalog.failures() if not bad.path.exists()]
        n_removed = len(catalog.drop_locations(paths))
        catalog.clear_failures(paths)
    typer.echo(f"{n_removed} {'video' if n_removed == 1 else 'videos'} removed")


@app.command()
def failures(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the files that could not be indexed, and why."""
    from mvsearch.search.output.listing import failure_to_dict, print_failures

    with _open(library) as opened:
        found = opened.catalog.failures()
    if as_json:
        print_json([failure_to_dict(failure) for failure in found])
    elif found:
        print_failures(found, make_console())
    else:
        typer.echo("no failures")


@app.command()
def status(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show the library in numbers: videos, segments, what is still to do."""
    from mvsearch.search.output.status import print_status, status_to_dict

    with _open(library) as opened:
        numbers = status_to_dict(opened)
    if as_json:
        print_json(numbers)
    else:
        print_status(numbers, make_console())


@app.command()
def check(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Look through the whole library for damage, and say how to make it anew."""
    from mvsearch.indexer.progress import follow
    from mvsearch.search.output.checkup import checkup_to_dict, print_checkup
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.store.catalog.checking import check_library
    from mvsearch.store.opening import default_library_folder

    progress = choose_progress(make_console(stderr=True), is_silent=as_json)
    with progress:
        tell = partial(follow(progress, "videos"), "check")
        found = check_library(library or default_library_folder(), tell)
    if as_json:
        print_json(checkup_to_dict(found))
    else:
        print_checkup(found, make_console())
    if found.damages:
        raise typer.Exit(EXIT_FAILURES)


@models_app.command("list")
def list_models_command(as_json: JsonOption = False) -> None:
    """List the encoders and Whisper's models, and whether their weights are there."""
    from mvsearch.indexer.encoders.networks.weights import list_models
    from mvsearch.indexer.lyrics.whisper.status import list_whisper_models

    _show_models([*list_models(), *list_whisper_models()], as_json)


@models_app.command("check")
def check_models_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME")] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify checksums, then load and try the encoders whose weights are there."""
    from mvsearch.indexer.encoders.networks.weights import check_models

    statuses = check_models(names or None)
    _show_models(statuses, as_json)
    if any(status.problem for status in statuses):
        raise typer.Exit(EXIT_FAILURES)


@models_app.command("fetch")
def fetch_model_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An encoder, or whisper-MODEL.")],
) -> None:
    """Download the weights of an encoder, or a Whisper model."""
    from mvsearch.indexer.encoders.networks.weights import fetch_model
    from mvsearch.indexer.lyrics.whisper.transcribe import fetch_weights

    if name.startswith("whisper-"):
        typer.echo(f"{name} is in {fetch_weights(name.removeprefix('whisper-'))}")
    else:
        status = fetch_model(name)
        typer.echo(f"{name} is in {status.folder}" if status.folder else f"{name} needs no weights")


def _show_models(statuses: "Sequence[ModelStatus]", as_json: bool) -> None:
    """Print encoders with the state of their weights."""
    from mvsearch.search.output.listing import model_to_dict, print_models

    if as_json:
        print_json([model_to_dict(status) for status in statuses])
    else:
        print_models(statuses, make_console())


def _open(folder: Path | None, *, create: bool = False) -> "Library":
    """Open the library asked for."""
    from mvsearch.store.library import Library
    from mvsearch.store.opening import default_library_folder

    return Library.open(folder or default_library_folder(), create=create)


def _load_encoders(library: "Library", profile: str | None = None) -> "Encoders":
    """The encoders that the library was built with, or those asked for where it is new."""
    from mvsearch.indexer.encoders import Encoders

    return Encoders(profile or library.catalog.profile() or "embedded")


def _find_media(library: "Library") -> "Callable[[Path], bool]":
    """What tells whether a path is that of a video of the library."""
    return lambda path: library.catalog.location(path) is not None


def _check_output(out: Path | None, library: "Library", *, has_force: bool) -> None:
    """Refuse a file that must not be written, before anything is worked out for it."""
    from mvsearch.search.output.files import check_output

    if out is not None:
        check_output(out, has_force=has_force, is_media=_find_media(library))


def _find(library: "Library", name: str) -> "Video":
    """The video that the user means."""
    return library.catalog.find_video(name)


def main() -> None:
    """Run the command line, and end the process."""
    end_process(run_app(app))


if __name__ == "__main__":
    main()
