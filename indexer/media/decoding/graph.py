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

# ffmpeg's own choice is a thread more than cores, which costs a tenth more processor time here.
MAX_THREADS = 16

# Of a file, to see which decoder is faster: long enough to make up for opening a device.
TRIAL_SECONDS = 20.0

# ffmpeg fills a gap of sound with silence in memory; a longer one is a time stamp gone wrong.
MAX_GAP_SECONDS = 600

# One scaling makes at most so many pixels of a row or column into one.
MAX_SHRINKING = 35

_MARK = "mvsearch"


def name_pipes(options: DecodeOptions) -> list[str]:
    """The pipes that a pass needs.

    `frames` carries RGB bytes, `kept` the time of each of these, `seen` the time of every frame
    decoded (so that progress shows, and where the picture ends), `sound` float32 samples.
    """
    pipes = ["frames", "kept", "seen"] if options.wants_picture else []
    return [*pipes, "sound"] if options.wants_sound else pipes


def choose_rate(probe: Probe, options: DecodeOptions) -> float:
    """Frames per second: as asked, else by the duration that the header gives."""
    return options.frame_rate or choose_frame_rate(probe.duration_seconds or 0.0)


def build_command(
    path: Path, probe: Probe, options: DecodeOptions, pipes: Mapping[str, int]
) -> list[str]:
    """The command line of one pass; picture and sound are two outputs with a graph each.

    They are kept apart because ffmpeg holds back all of a graph's frames until each of its inputs
    has given something, and a sound stream that never does would fill the memory.
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
    """Where the decoder begins, with how many threads, and what it leaves out."""
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
    """The command line that decodes the beginning of the picture, as a pass would, to nowhere.

    Raises:
        ValueError: there is no picture.
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
    """Take frames by their time, scale them, and write their times beside them.

    Times are printed in whole microseconds: ffmpeg prints seconds with six digits only. What the
    stream itself puts on frames is deleted first, since a stranger wrote it.
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
    """Bring a picture within what one scaling can shrink to a size; most are left as they are.

    Exact bicubic filters of ffmpeg reach over some 40 pixels for each that is made: it refuses
    16000 × 8 to 224 × 224. A picture's pixels are skipped, as no other filter reaches farther.
    """
    most = [f"min({side},{MAX_SHRINKING * size})" for side, size in (("iw", width), ("ih", height))]
    return stream.filter("scale", *most, flags="neighbor")


def scale_options(picture: PictureStream) -> dict[str, str]:
    """Exact bicubic scaling; HD that does not name its colours has those of BT.709 (as players)."""
    options = {"flags": "bicubic+accurate_rnd+full_chroma_int"}
    if not picture.colour_space and min(picture.width, picture.height) >= HD_HEIGHT:
        options["in_color_matrix"] = "bt709"
    return options


def _print_times(stream: Any, pipe: int) -> Any:
    """Write a line for each frame at once, so that times never lag behind the frames."""
    return stream.filter("metadata", mode="print", key=_MARK, file=f"pipe:{pipe}", direct=1)


def _sound_output(stream: Any, options: DecodeOptions, pipe: int) -> Any:
    """Mono samples whose number tells the time: gaps are filled, and a late start is padded.

    Channels are averaged (`rematrix_maxval`): by default a mix in floating point may exceed one.
    Gaps are closed up to `MAX_GAP_SECONDS`, and filled only when there is one channel to fill.
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
