"""The commands of pair metrics, such as `mvsearch metric clip-score`."""

from pathlib import Path
from typing import Annotated

import typer

from mvsearch.search.commands.metrics.options import (
    AudioOption,
    HeatmapOption,
    ImageOption,
    ManyValues,
    ProfileOption,
    ScaleOption,
    TextOption,
    VideoOption,
    show_plotted,
    show_result,
)
from mvsearch.search.commands.metrics.sets import add_commands
from mvsearch.search.commands.options.common import (
    ForceOption,
    JsonOption,
    read_path,
    require_command,
)
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.store.errors import QueryError

metric_app = typer.Typer(
    help="Metrics of music and pictures: pairs and sets.", epilog=show_examples("metric")
)
metric_app.callback(invoke_without_command=True)(require_command)


@metric_app.command("clip-score", cls=ManyValues, epilog=show_examples("metric clip-score"))
def clip_score(
    image: ImageOption,
    text: TextOption,
    profile: ProfileOption = None,
    scale: ScaleOption = None,
    as_json: JsonOption = False,
    plot: HeatmapOption = None,
    force: ForceOption = False,
) -> None:
    """Score pictures against texts: cosines and the best text."""
    from mvsearch.search.metrics.clip_score import evaluate_clip_score
    from mvsearch.search.metrics.media.joint import JointOptions
    from mvsearch.search.metrics.output.plots import check_plot

    check_plot(plot, has_force=force)
    options = JointOptions(profile, scale)
    show_plotted(evaluate_clip_score(image, text, options), plot, has_force=force, as_json=as_json)


@metric_app.command("clap-score", cls=ManyValues, epilog=show_examples("metric clap-score"))
def clap_score(
    audio: AudioOption,
    text: TextOption,
    profile: ProfileOption = None,
    scale: ScaleOption = None,
    as_json: JsonOption = False,
    plot: HeatmapOption = None,
    force: ForceOption = False,
) -> None:
    """Score sounds against texts: cosines and the best text."""
    from mvsearch.search.metrics.clip_score import evaluate_clap_score
    from mvsearch.search.metrics.media.joint import JointOptions
    from mvsearch.search.metrics.output.plots import check_plot

    check_plot(plot, has_force=force)
    options = JointOptions(profile, scale)
    show_plotted(evaluate_clap_score(audio, text, options), plot, has_force=force, as_json=as_json)


@metric_app.command("imsm", cls=ManyValues, epilog=show_examples("metric imsm"))
def imsm(
    images: Annotated[
        list[Path] | None,
        typer.Option(
            "--images",
            "--image",
            parser=read_path,
            metavar="FILE…",
            help="Pictures, one of each triple.",
        ),
    ] = None,
    texts: Annotated[
        list[str] | None,
        typer.Option(
            "--texts",
            "--text",
            metavar="T…",
            help="Texts, one of each triple; default for a video: moods.",
        ),
    ] = None,
    audios: Annotated[
        list[Path] | None,
        typer.Option(
            "--audios",
            "--audio",
            parser=read_path,
            metavar="FILE…",
            help="Sounds, one of each triple.",
        ),
    ] = None,
    video: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            metavar="FILE",
            help="Compare the frames of a video with its sound instead.",
        ),
    ] = None,
    interval: Annotated[
        float, typer.Option(metavar="S", help="Seconds between frames of a video.")
    ] = 5.0,
    audio_length: Annotated[
        float, typer.Option(metavar="S", help="Seconds of sound from each frame.")
    ] = 5.0,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
    plot: HeatmapOption = None,
    force: ForceOption = False,
) -> None:
    """Match pictures and sounds through common texts."""
    from mvsearch.search.metrics.imsm import ImsmOptions, evaluate_imsm, evaluate_video_imsm
    from mvsearch.search.metrics.media.joint import JointOptions
    from mvsearch.search.metrics.media.moments import MomentOptions
    from mvsearch.search.metrics.output.plots import check_plot

    check_plot(plot, has_force=force)
    options = ImsmOptions(JointOptions(profile), MomentOptions(interval, audio_length))
    if video is None:
        if not (images and texts and audios):
            raise QueryError("name --images, --texts and --audios, or a --video")
        result = evaluate_imsm(images, texts, audios, options)
    elif images or audios:
        raise QueryError("a --video has its own images and audios: name it or them")
    else:
        result = evaluate_video_imsm(video, texts, options)
    show_plotted(result, plot, has_force=force, as_json=as_json)


@metric_app.command("clipsim", cls=ManyValues, epilog=show_examples("metric clipsim"))
def clipsim(
    video: VideoOption,
    text: Annotated[
        list[str], typer.Option("--text", metavar="T…", help="Texts, one per video or one for all.")
    ],
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            parser=read_path,
            metavar="FILE…",
            help="Real videos of the texts, for the relative score.",
        ),
    ] = None,
    frame_rate: Annotated[
        float | None, typer.Option(metavar="X", help="Frames per second; default: all.")
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the frames of videos with texts."""
    from mvsearch.search.metrics.clipsim import ClipsimOptions, evaluate_clipsim
    from mvsearch.search.metrics.media.joint import JointOptions

    options = ClipsimOptions(JointOptions(profile), frame_rate)
    result = evaluate_clipsim(video, text, reference or (), options)
    show_result(result, as_json=as_json)


@metric_app.command("emotion-match", cls=ManyValues, epilog=show_examples("metric emotion-match"))
def emotion_match(
    image: ImageOption,
    audio: AudioOption,
    values: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            metavar="FILE.csv",
            help="Columns file, valence, arousal; default: predicted.",
        ),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, metavar="FILE.csv", help="Columns image, audio, score: the error."
        ),
    ] = None,
    image_range: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="LOW HIGH", help="Range of the images; default: their extremes."),
    ] = None,
    audio_range: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="LOW HIGH", help="Range of the audios; default: their extremes."),
    ] = None,
    sigma: Annotated[
        float | None, typer.Option(metavar="X", help="σ in exp(-distance / σ); default: the mean.")
    ] = None,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="Profile whose encoders predict.")
    ] = "embedded",
    as_json: JsonOption = False,
    plot: HeatmapOption = None,
    force: ForceOption = False,
) -> None:
    """Match pictures and music by valence and arousal."""
    from mvsearch.search.metrics.emotion import EmotionOptions
    from mvsearch.search.metrics.media.emotion_sources import SourceOptions, evaluate_emotion_match
    from mvsearch.search.metrics.output.plots import check_plot

    check_plot(plot, has_force=force)
    emotion = EmotionOptions(image_range, audio_range, sigma)
    options = SourceOptions(values, profile, scores, emotion)
    show_plotted(
        evaluate_emotion_match(image, audio, options), plot, has_force=force, as_json=as_json
    )


add_commands(metric_app)
