"""The commands of set metrics, such as `mvsearch metric fad`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.metrics.options import (
    AudioOption,
    HeatmapOption,
    ManyValues,
    ScatterOption,
    SecondsOption,
    VideoOption,
    show_plotted,
    show_result,
)
from mvsearch.search.commands.options.common import ForceOption, JsonOption, read_path
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES

MatchName = Literal["greedy", "optimal", "paper"]
DistanceName = Literal["euclidean", "cityblock"]
WarpName = Literal["exact", "fast"]
SampleName = Literal["frame", "video"]
MaterialName = Literal["sound", "pictures"]

ReferenceOption = Annotated[
    Path, typer.Option("--reference", parser=read_path, metavar="DIR", help="The reference set.")
]
CandidateOption = Annotated[
    Path, typer.Option("--candidate", parser=read_path, metavar="DIR", help="The set to evaluate.")
]
EmbeddingOption = Annotated[
    str, typer.Option("--profile", metavar="NAME", help="Profile of the embeddings.")
]
RateOption = Annotated[float, typer.Option("--frame-rate", metavar="X", help="Frames per second.")]
LimitOption = Annotated[
    bool, typer.Option("--infinity", help="Also extrapolate to infinite samples (FAD∞).")
]
KernelOption = Annotated[bool, typer.Option("--kernel", help="Also the unbiased kernel distance.")]
ClassifierOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Default: EfficientNet for pictures; for sound AST, else YAMNet, else moods.",
    ),
]


def add_commands(metric_app: typer.Typer) -> None:
    """Add the commands of set metrics."""
    for name, command in (
        ("av-align", av_align),
        ("timbre", timbre),
        ("fad", fad),
        ("fvd", fvd),
        ("inception-score", inception_score),
        ("kl", kl),
        ("report", report),
    ):
        metric_app.command(name, cls=ManyValues, epilog=show_examples(f"metric {name}"))(command)


def av_align(
    video: VideoOption,
    match: Annotated[
        MatchName, typer.Option(help="Matching of onsets and peaks; greedy: as published.")
    ] = "greedy",
    height: Annotated[
        int | None, typer.Option(metavar="N", help="Scale pictures to this height; faster.")
    ] = None,
    seconds: SecondsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how well audio onsets and motion peaks coincide."""
    from mvsearch.search.metrics.av_align import AvAlignOptions, evaluate_av_align

    options = AvAlignOptions(match=match, height=height, seconds=seconds)
    show_result(evaluate_av_align(video, options), as_json=as_json)


def timbre(
    audio: AudioOption,
    distance: Annotated[DistanceName, typer.Option(help="Distance of two spectra.")] = "euclidean",
    per_step: Annotated[
        bool, typer.Option("--per-step", help="Divide by the path length.")
    ] = False,
    seconds: SecondsOption = None,
    compare: Annotated[
        Path | None,
        typer.Option(parser=read_path, metavar="FILE.csv", help="Correlate with another table."),
    ] = None,
    warp: Annotated[WarpName | None, typer.Option(hidden=True)] = None,
    radius: Annotated[int | None, typer.Option(hidden=True, min=1)] = None,
    as_json: JsonOption = False,
    plot: HeatmapOption = None,
    force: ForceOption = False,
) -> None:
    """Measure timbre distances of all pairs of clips."""
    from mvsearch.search.metrics.output.plots import check_plot
    from mvsearch.search.metrics.timbre import TimbreOptions, evaluate_timbre

    check_plot(plot, has_force=force)
    if warp is not None or radius is not None:
        typer.echo(
            "mvsearch: --warp and --radius change nothing: warping is always exact", err=True
        )
    options = TimbreOptions(distance, per_step, seconds)
    show_plotted(evaluate_timbre(audio, options, compare), plot, has_force=force, as_json=as_json)


def fad(
    reference: ReferenceOption,
    candidate: CandidateOption,
    profile: EmbeddingOption = "embedded",
    infinity: LimitOption = False,
    kernel: KernelOption = False,
    as_json: JsonOption = False,
    plot: ScatterOption = None,
    force: ForceOption = False,
) -> None:
    """Measure the Fréchet audio distance of two folders."""
    from mvsearch.search.metrics.distances.gaussians import ExtrapolationOptions
    from mvsearch.search.metrics.distances.kernel import KernelOptions
    from mvsearch.search.metrics.frechet import FrechetOptions, evaluate_fad
    from mvsearch.search.metrics.media.folders import EmbeddingOptions
    from mvsearch.search.metrics.output.plots import check_plot

    check_plot(plot, has_force=force)
    options = FrechetOptions(
        EmbeddingOptions(profile),
        ExtrapolationOptions() if infinity else None,
        KernelOptions() if kernel else None,
    )
    show_plotted(
        evaluate_fad(reference, candidate, options), plot, has_force=force, as_json=as_json
    )


def fvd(
    reference: ReferenceOption,
    candidate: CandidateOption,
    profile: EmbeddingOption = "embedded",
    frame_rate: RateOption = 2.0,
    infinity: LimitOption = False,
    kernel: KernelOption = False,
    as_json: JsonOption = False,
    plot: ScatterOption = None,
    force: ForceOption = False,
) -> None:
    """Measure the Fréchet distance of the pictures of two folders."""
    from mvsearch.search.metrics.distances.gaussians import ExtrapolationOptions
    from mvsearch.search.metrics.distances.kernel import KernelOptions
    from mvsearch.search.metrics.frechet import FrechetOptions, evaluate_fvd
    from mvsearch.search.metrics.media.folders import EmbeddingOptions
    from mvsearch.search.metrics.output.plots import check_plot

    check_plot(plot, has_force=force)
    options = FrechetOptions(
        EmbeddingOptions(profile, frame_rate),
        ExtrapolationOptions() if infinity else None,
        KernelOptions() if kernel else None,
    )
    show_plotted(
        evaluate_fvd(reference, candidate, options), plot, has_force=force, as_json=as_json
    )


def inception_score(
    videos: Annotated[
        Path, typer.Option(parser=read_path, metavar="DIR", help="The videos to evaluate.")
    ],
    splits: Annotated[int, typer.Option(min=1, help="Number of splits; reports their mean.")] = 1,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed of random splits; default: file order.")
    ] = None,
    sample: Annotated[
        SampleName, typer.Option(help="A sample: a frame, or the mean of a video.")
    ] = "frame",
    classifier: ClassifierOption = None,
    frame_rate: RateOption = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Measure the Inception Score: confident and varied frames."""
    from mvsearch.search.metrics.inception import InceptionOptions, evaluate_inception_score
    from mvsearch.search.metrics.media.classes import ClassOptions

    classes = ClassOptions(classifier, frame_rate)
    options = InceptionOptions(splits, seed, sample, classes)
    show_result(evaluate_inception_score(videos, options), as_json=as_json)


def kl(
    reference: ReferenceOption,
    candidate: CandidateOption,
    material: Annotated[MaterialName, typer.Option(help="What to classify.")] = "sound",
    epsilon: Annotated[
        float, typer.Option(metavar="X", help="Added to the second posterior; 0: exact.")
    ] = 1e-6,
    segment: Annotated[float, typer.Option(metavar="S", help="Segment length in seconds.")] = 10.0,
    classifier: ClassifierOption = None,
    frame_rate: RateOption = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Measure the KL divergence of classes of pairs of files, in both directions."""
    from mvsearch.search.metrics.divergence import KlOptions, evaluate_kl
    from mvsearch.search.metrics.media.classes import ClassOptions

    classes = ClassOptions(classifier, frame_rate, segment)
    options = KlOptions(material, epsilon, classes)
    show_result(evaluate_kl(reference, candidate, options), as_json=as_json)


def report(
    reference: ReferenceOption,
    candidate: CandidateOption,
    pairs: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            metavar="FILE.csv",
            help="Columns image, audio; default: pictures with the names of the results.",
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, metavar="DIR", help="The pictures; default: beside the sounds."
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(metavar="S", help="Seconds of each file for timbre.")
    ] = 30.0,
    classifier: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of genres; default: musicnn, else as for kl."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(parser=read_path, metavar="FILE", help="Write a page, too.")
    ] = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Evaluate a folder of results: FAD, timbre, genre KL and emotion match."""
    from mvsearch.search.metrics.output.page import render_report
    from mvsearch.search.metrics.reports.parts import ReportOptions
    from mvsearch.search.metrics.reports.report import evaluate_report
    from mvsearch.search.output.files import check_output
    from mvsearch.search.output.terminal import write_file

    if html is not None:
        check_output(html, has_force=force)
    options = ReportOptions(pairs, images, seconds, classifier)
    found = evaluate_report(reference, candidate, options)
    if html is not None:
        write_file(html, render_report(found), has_force=force, reports_path=not as_json)
    show_result(found, as_json=as_json)
    if not found.is_defined:
        raise typer.Exit(EXIT_FAILURES)
