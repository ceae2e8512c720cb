"""The commands of set metrics, such as `mvsearch metric fad`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.examples import show_examples
from mvsearch.search.commands.metric_options import (
    AudioOption,
    HeatmapOption,
    ManyValues,
    ScatterOption,
    SecondsOption,
    VideoOption,
    show_plotted,
    show_result,
)
from mvsearch.search.commands.options import ForceOption, JsonOption, read_path

MatchName = Literal["greedy", "optimal", "paper"]
DistanceName = Literal["euclidean", "cityblock"]
SampleName = Literal["frame", "video"]
MaterialName = Literal["sound", "pictures"]

ReferenceOption = Annotated[
    Path, typer.Option("--reference", parser=read_path, metavar="DIR", help="What is real.")
]
CandidateOption = Annotated[
    Path, typer.Option("--candidate", parser=read_path, metavar="DIR", help="What is judged.")
]
EmbeddingOption = Annotated[
    str, typer.Option("--profile", metavar="NAME", help="Whose encoder makes the embeddings.")
]
RateOption = Annotated[
    float, typer.Option("--frame-rate", metavar="X", help="Frames a second that are taken.")
]
LimitOption = Annotated[
    bool, typer.Option("--infinity", help="Also the limit for ever more samples, as FAD∞.")
]
KernelOption = Annotated[
    bool, typer.Option("--kernel", help="Also the kernel distance, which N does not bias.")
]
ClassifierOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Else AST for sound, EfficientNet for pictures.")
]


def add_commands(metric_app: typer.Typer) -> None:
    """Put these commands behind those that are there."""
    for name, command in (
        ("av-align", av_align),
        ("timbre", timbre),
        ("fad", fad),
        ("fvd", fvd),
        ("inception-score", inception_score),
        ("kl", kl),
    ):
        metric_app.command(name, cls=ManyValues, epilog=show_examples(f"metric {name}"))(command)


def av_align(
    video: VideoOption,
    match: Annotated[
        MatchName, typer.Option(help="How onsets and peaks are paired; greedy as published code.")
    ] = "greedy",
    height: Annotated[
        int | None, typer.Option(metavar="N", help="Scale pictures to so many lines; quicker.")
    ] = None,
    seconds: SecondsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how onsets of the sound and peaks of the motion come together."""
    from mvsearch.search.metrics.av_align import AvAlignOptions, evaluate_av_align

    options = AvAlignOptions(match=match, height=height, seconds=seconds)
    show_result(evaluate_av_align(video, options), as_json=as_json)


def timbre(
    audio: AudioOption,
    distance: Annotated[DistanceName, typer.Option(help="Between two spectra.")] = "euclidean",
    per_step: Annotated[
        bool, typer.Option("--per-step", help="Divide by the length of the path.")
    ] = False,
    seconds: SecondsOption = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, metavar="FILE.csv", help="Correlate with another table of the clips."
        ),
    ] = None,
    as_json: JsonOption = False,
    plot: HeatmapOption = None,
    force: ForceOption = False,
) -> None:
    """Measure how unlike clips sound, as a table of all pairs."""
    from mvsearch.search.metrics.output.plots import check_plot
    from mvsearch.search.metrics.timbre import TimbreOptions, evaluate_timbre

    check_plot(plot, has_force=force)
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
    """Measure how far the sound of two folders is apart: Fréchet distance of embeddings."""
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
    """Measure how far the pictures of two folders are apart: Fréchet distance of embeddings."""
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
        Path, typer.Option(parser=read_path, metavar="DIR", help="The videos that are judged.")
    ],
    splits: Annotated[int, typer.Option(min=1, help="Parts; the mean over them is told.")] = 1,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Draw the parts; else in the files' order.")
    ] = None,
    sample: Annotated[
        SampleName, typer.Option(help="What a sample is: a frame, or the mean of a video.")
    ] = "frame",
    classifier: ClassifierOption = None,
    frame_rate: RateOption = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Measure how sure a classifier is of each frame, and how different frames are."""
    from mvsearch.search.metrics.inception import InceptionOptions, evaluate_inception_score
    from mvsearch.search.metrics.media.classes import ClassOptions

    classes = ClassOptions(classifier, frame_rate)
    options = InceptionOptions(splits, seed, sample, classes)
    show_result(evaluate_inception_score(videos, options), as_json=as_json)


def kl(
    reference: ReferenceOption,
    candidate: CandidateOption,
    material: Annotated[
        MaterialName, typer.Option(help="What of the files is classified.")
    ] = "sound",
    epsilon: Annotated[
        float, typer.Option(metavar="X", help="Added to the second posterior; 0 is exact.")
    ] = 1e-6,
    segment: Annotated[float, typer.Option(metavar="S", help="Seconds of a segment.")] = 10.0,
    classifier: ClassifierOption = None,
    frame_rate: RateOption = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Measure whether pairs of files hold the same classes: KL divergence, both directions."""
    from mvsearch.search.metrics.divergence import KlOptions, evaluate_kl
    from mvsearch.search.metrics.media.classes import ClassOptions

    classes = ClassOptions(classifier, frame_rate, segment)
    options = KlOptions(material, epsilon, classes)
    show_result(evaluate_kl(reference, candidate, options), as_json=as_json)
