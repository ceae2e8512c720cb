"""Builds the ffmpeg command line that decodes frames, time stamps and mono audio."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mvsearch.indexer.media.decoding.frame_skipping import choose_skip
from mvsearch.indexer.media.decoding.sampling import choose_frame_rate, select_expression
from mvsearch.indexer.media.decoding.types import DecodeOptions
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.media.programs import compile_graph, open_input, passthrough_option
from mvsearch.indexer.media.stream_info import PictureStream

HD_HEIGHT = 720
TIMES_PER_SECOND = 1_000_000

# ffmpeg's default, one thread more than cores, takes a tenth more processor time.
MAX_THREADS = 16

# Long enough that the time to open a device does not dominate.
TRIAL_SECONDS = 20.0

# ffmpeg fills gaps in audio with silence, in memory. A longer gap is a wrong time stamp.
MAX_GAP_SECONDS = 600

# Maximum factor by which the exact bicubic filter scales down.
MAX_SHRINKING = 35

_MARK = "mvsearch"


def name_pipes(options: DecodeOptions) -> list[str]:
    """List the pipes of a pass.

    `frames` has RGB bytes, `kept` the times of these frames, `seen` the times of all decoded frames
    (for the progress and the end of the video), and `sound` float32 samples.
    """
    pipes = ["frames", "kept", "seen"] if options.wants_picture else []
    return [*pipes, "sound"] if options.wants_sound else pipes


def choose_rate(probe: Probe, options: DecodeOptions) -> float:
    """Return the frames per second to sample: of the options, else by the duration."""
    return options.frame_rate or choose_frame_rate(probe.duration_seconds or 0.0)


def build_command(
    path: Path, probe: Probe, options: DecodeOptions, pipes: Mapping[str, int]
) -> list[str]:
    """Build the command of a pass, with one filter graph for video and one for audio.

    ffmpeg buffers all frames of a graph until each of its inputs has data. In one graph, an empty
    audio stream would fill the memory.

    Args:
        path: of the file.
        probe: of the file.
        options: what to decode.
        pipes: file descriptors by the names of `name_pipes`.
    """
    source = open_input(path, options=_input_options(path, probe, options))
    outputs = []
    if options.wants_picture and probe.picture is not None:
        outputs.append(_picture_output(source, probe, options, pipes, probe.picture))
    if options.wants_sound and probe.sound is not None:
        stream = source[str(probe.sound.index)]
        outputs.append(_sound_output(stream, options, pipes["sound"]))
    return compile_graph(*outputs)


def _input_options(path: Path, probe: Probe, options: DecodeOptions) -> dict[str, Any]:
    """Return the input options: threads, seek position, skipped frames and hardware."""
    n_threads = options.n_threads or min(os.cpu_count() or 1, MAX_THREADS)
    chosen: dict[str, Any] = {"threads": n_threads}
    entry_seconds = options.start_seconds - options.run_up_seconds
    if entry_seconds > 0:
        chosen |= {"ss": entry_seconds, "noaccurate_seek": None}
    if options.wants_picture and probe.picture is not None:
        skip = choose_skip(path, probe.picture, choose_rate(probe, options), options)
        if skip != "none":
            chosen["skip_frame:v"] = skip
        if options.hardware is not None:
            chosen["hwaccel"] = options.hardware
    return chosen


def build_trial(
    path: Path, probe: Probe, options: DecodeOptions, hardware: str | None
) -> list[str]:
    """Build a command that decodes the first `TRIAL_SECONDS` of the video and drops the frames.

    Raises:
        ValueError: the file has no video stream.
    """
    if probe.picture is None:
        raise ValueError("there is no picture to try a decoder on")
    given = _input_options(path, probe, replace(options, hardware=hardware))
    source = open_input(path, options=given | {"t": TRIAL_SECONDS})
    return compile_graph(source[str(probe.picture.index)].output("-", format="null"))


def _picture_output(
    source: Any,
    probe: Probe,
    options: DecodeOptions,
    pipes: Mapping[str, int],
    picture: PictureStream,
) -> Any:
    """Build the output of sampled and scaled frames, with their times in pipes of their own.

    Times are in whole microseconds, as ffmpeg prints seconds with six digits only. Metadata of the
    stream, which is untrusted, is deleted first.
    """
    width, height = options.frame_size
    stream = source[str(picture.index)].filter("settb", "AVTB")
    if options.run_up_seconds:
        stream = stream.filter("setpts", f"PTS-{options.run_up_seconds:.6f}/TB")
    if options.end_seconds is not None:
        stream = stream.filter("trim", end=options.end_seconds - options.start_seconds)
    stream = stream.filter("metadata", mode="delete")
    stream = stream.filter("metadata", mode="add", key=_MARK, value="1")
    stream = _print_times(stream, pipes["seen"])
    stream = stream.filter("select", select_expression(choose_rate(probe, options)))
    stream = _print_times(stream, pipes["kept"])
    if max(picture.width / width, picture.height / height) > MAX_SHRINKING:
        stream = shrink_far(stream, width, height)
    stream = stream.filter("scale", width, height, **scale_options(picture))
    return stream.output(
        f"pipe:{pipes['frames']}", format="rawvideo", pix_fmt="rgb24", **passthrough_option()
    )


def shrink_far(stream: Any, width: int, height: int) -> Any:
    """Scale very large frames so that one bicubic scaling can reach the given size.

    ffmpeg's exact bicubic filter fails above a factor of about 40, such as 16000 × 8 to 224 × 224.
    Nearest-neighbour scaling, which has no limit, comes first; smaller frames are not changed.
    """
    most = [f"min({side},{MAX_SHRINKING * size})" for side, size in (("iw", width), ("ih", height))]
    return stream.filter("scale", *most, flags="neighbor")


def scale_options(picture: PictureStream) -> dict[str, str]:
    """Return options for exact bicubic scaling; HD without a colour space is taken as BT.709."""
    options = {"flags": "bicubic+accurate_rnd+full_chroma_int"}
    if not picture.colour_space and min(picture.width, picture.height) >= HD_HEIGHT:
        options["in_color_matrix"] = "bt709"
    return options


def _print_times(stream: Any, pipe: int) -> Any:
    """Print the time of each frame to a pipe, unbuffered."""
    return stream.filter("metadata", mode="print", key=_MARK, file=f"pipe:{pipe}", direct=1)


def _sound_output(stream: Any, options: DecodeOptions, pipe: int) -> Any:
    """Build the output of mono samples, with silence in gaps and before a late start.

    So the time of a sample follows from its number. Channels are averaged with `rematrix_maxval=1`,
    as the default mix may exceed 1. Gaps are limited to `MAX_GAP_SECONDS` and filled after the mix.
    """
    gap = f"{MAX_GAP_SECONDS}/TB"
    filters = [
        f"aresample={options.sample_rate}:rematrix_maxval=1",
        "aformat=sample_fmts=flt:channel_layouts=mono",
        rf"asetpts=if(eq(N\,0)\,min(PTS\,{gap})\,PREV_OUTPTS+min(PTS-PREV_INPTS\,{gap}))",
        f"aresample={options.sample_rate}:async=1:first_pts=0",
    ]
    limits = ["start=0"] if options.start_seconds else []
    if options.end_seconds is not None:
        limits.append(f"end={options.end_seconds - options.start_seconds:.6f}")
    if limits:
        filters.insert(0, f"atrim={':'.join(limits)}")
    if options.run_up_seconds:
        filters.insert(0, f"asetpts=PTS-{options.run_up_seconds:.6f}/TB")
    return stream.output(
        f"pipe:{pipe}", format="f32le", ac=1, ar=options.sample_rate, af=",".join(filters)
    )
