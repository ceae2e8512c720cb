"""Analyses one file into features; indexing and query clips share this code."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.encoder_threads import Flow
from mvsearch.indexer.features.stream_encoding import Heard, Seen, choose_sight
from mvsearch.indexer.media.decoding.frames import (
    DecodeOptions,
    DecodeReport,
    FrameBatch,
    SoundBlock,
    decode,
    read_image,
)
from mvsearch.indexer.media.decoding.types import MAX_HOURS, Decoded, Lost
from mvsearch.indexer.media.hardware import Hardware
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.media.scan import content_id, scan_folder
from mvsearch.indexer.media.stills import StillTaker
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Embeddings, Modality, Segment, Still, Tag

__all__ = [
    "AnalysisOptions",
    "Features",
    "analyse_file",
    "analyse_image",
    "read_image",
    "scan_folder",
]

# Frames encoded at once: more is no faster on a CPU and costs memory.
BATCH_FRAMES = 16

WHY_NO_STREAM: dict[Modality, str] = {
    "frames": "the file has no picture",
    "audio": "the file has no sound",
}
WHY_NOTHING: dict[Modality, str] = {
    "frames": "every frame is of one colour",
    "audio": "the sound is silent",
}
LOST_STREAMS: dict[Modality, Lost] = {"frames": "picture", "audio": "sound"}
WHY_LOST: dict[Modality, str] = {
    "frames": "nothing of its picture can be decoded",
    "audio": "nothing of its sound can be decoded",
}


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How a file is analysed.

    Attributes:
        frames_per_second: None chooses by duration.
        decoded: which frames are decoded at all, as `DecodeOptions` has it.
        hop_seconds: from one audio window to the next; None takes the encoder's.
        hardware: chooses among decoders in hardware; None is software.
        start_seconds, end_seconds: the section to analyse; times stay those of the file.
        stall_seconds: without progress for so long, the decoder is ended.
        max_hours: a file that claims or yields more is refused.
        has_stills: whether small pictures are taken for the reports.
    """

    frames_per_second: float | None = None
    decoded: Decoded = "needed"
    hardware: Hardware | None = None
    hop_seconds: float | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    stall_seconds: float = 30.0
    max_hours: float = MAX_HOURS
    has_stills: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the encoders made of one file.

    Attributes:
        embeddings: one for each space that has vectors.
        duration_seconds: as measured by decoding, of what was decoded; None where nothing was.
        absent: why a modality that was asked for has no vectors.
        uniform_seconds: times of frames of one colour, which are left out.
        problem: the file is damaged or ends too early; what there is has been analysed.
        tags: what is seen and when, where the encoder of frames can name things.
        stills: what is seen and when, in small pictures, where they are asked for.
    """

    embeddings: tuple[Embeddings, ...]
    duration_seconds: float | None
    absent: dict[Modality, str] = field(default_factory=dict)
    uniform_seconds: tuple[float, ...] = ()
    problem: MediaError | None = None
    tags: tuple[Tag, ...] = ()
    stills: tuple[Still, ...] = ()


def analyse_file(
    path: Path,
    encoders: Encoders,
    options: AnalysisOptions | None = None,
    *,
    stages: Collection[Modality] = ("frames", "audio"),
) -> Features:
    """Analyse a file that nobody has probed yet, such as a query clip.

    Raises:
        MediaError: it cannot be read or decoded.
    """
    options = options or AnalysisOptions()
    # The id is read only where it decides something: which frames a profile takes of the file.
    video_id = content_id(path) if encoders.profile.frames_a_video else ""
    with Flow(encoders, stages) as flow:
        return analyse_probed(path, video_id, probe_file(path), flow, options, stages)


def analyse_probed(
    path: Path,
    video_id: str,
    probe: Probe,
    flow: Flow,
    options: AnalysisOptions,
    stages: Collection[Modality],
    stop: threading.Event | None = None,
) -> Features:
    """Decode a file once; its frames and its sound are encoded meanwhile, as they come.

    Of frames and sound, memory holds what the flow's queues do, however long the file is.

    Args:
        path: of the file.
        video_id: its content id; decides which frames a profile takes that takes few.
        probe: what the file says of itself.
        flow: through whose encoders it goes.
        options: the section, the rates and the patience.
        stages: what is asked for, "frames" or "audio" or both.
        stop: when set, the decoder is ended.

    Raises:
        MediaError: it cannot be decoded.
        DecodeStoppedError: `stop` was set.
    """
    method = _choose_hardware(path, probe, options, stages)
    if options.hardware is not None and method is not None:
        try:
            return _analyse_with(method, path, video_id, probe, flow, options, stages, stop)
        except MediaError as error:
            if error.code == "too_long":
                raise
            options.hardware.give_up(probe)
    return _analyse_with(None, path, video_id, probe, flow, options, stages, stop)


def _choose_hardware(
    path: Path, probe: Probe, options: AnalysisOptions, stages: Collection[Modality]
) -> str | None:
    """The hardware to decode a file with, where that is worth it."""
    if options.hardware is None or "frames" not in stages:
        return None
    wanted = DecodeOptions(frame_rate=options.frames_per_second, decoded=options.decoded)
    return options.hardware.choose(path, probe, wanted)


def _analyse_with(
    hardware: str | None,
    path: Path,
    video_id: str,
    probe: Probe,
    flow: Flow,
    options: AnalysisOptions,
    stages: Collection[Modality],
    stop: threading.Event | None,
) -> Features:
    """Analyse a file with one decoder."""
    has_picture = "frames" in stages and probe.picture is not None
    seen = choose_sight(flow, video_id, stop) if has_picture else None
    if seen is not None and probe.picture is not None and options.has_stills:
        seen.stills = StillTaker(probe.picture, probe.duration_seconds)
    ear = flow.encoders.audio if "audio" in stages and probe.sound else None
    heard = Heard(ear, flow.open_lane("audio", stop), options.hop_seconds) if ear else None
    if seen is None and heard is None:
        absent = {stage: WHY_NO_STREAM[stage] for stage in stages}
        return Features((), None, absent)
    wanted = replace(_decode_options(seen, heard, options), hardware=hardware)
    with flow.decoding(stop), decode(path, probe, wanted, stop) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch) and seen is not None:
                seen.take(piece)
            elif isinstance(piece, SoundBlock) and heard is not None:
                heard.take(piece)
    # Both before either is waited for.
    for sense in (seen, heard):
        if sense is not None:
            sense.flush()
    report = decoding.report
    if probe.is_picture_lost and "frames" in stages and not wanted.is_section:
        report = replace(report, lost="picture")
    return _finish(report, {"frames": seen, "audio": heard}, stages)


def _finish(
    report: DecodeReport,
    senses: Mapping[Modality, Seen | Heard | None],
    stages: Collection[Modality],
) -> Features:
    """Gather what the senses made, and say why one made nothing."""
    embeddings: list[Embeddings] = []
    absent: dict[Modality, str] = {}
    for stage in stages:
        sense = senses.get(stage)
        found = sense.finish(report.duration_seconds) if sense is not None else []
        embeddings += found
        if not found:
            absent[stage] = _explain_absence(stage, sense is not None, report)
    seen = senses.get("frames")
    return Features(
        tuple(embeddings),
        report.duration_seconds,
        absent,
        seen.uniform_seconds if isinstance(seen, Seen) else (),
        _explain_problem(report),
        seen.tags if isinstance(seen, Seen) else (),
        seen.stills.finish() if isinstance(seen, Seen) and seen.stills is not None else (),
    )


def analyse_image(path: Path, encoders: Encoders) -> tuple[Embeddings, ...]:
    """Encode a picture as a frame of no duration, one `Embeddings` for each space of frames.

    Raises:
        MediaError: it cannot be read.
    """
    encoder = encoders.frames
    frame = read_image(path, encoder.frame_size)
    segments = (Segment(0.0, 0.0),)
    matrices = encoder.encode(frame[np.newaxis])
    return tuple(
        Embeddings(space, segments, matrix)
        for space, matrix in zip(encoder.spaces, matrices, strict=True)
    )


def _decode_options(
    seen: Seen | None, heard: Heard | None, options: AnalysisOptions
) -> DecodeOptions:
    """What the encoders need of the decoder."""
    given = DecodeOptions(
        wants_picture=seen is not None,
        wants_sound=heard is not None,
        frame_rate=options.frames_per_second,
        decoded=options.decoded,
        start_seconds=options.start_seconds or 0.0,
        end_seconds=options.end_seconds,
        batch_frames=BATCH_FRAMES,
        stall_seconds=options.stall_seconds,
        max_seconds=options.max_hours * 3600,
    )
    if seen is not None:
        given = replace(given, frame_size=seen.encoder.frame_size)
    if heard is not None:
        given = replace(given, sample_rate=heard.encoder.sample_rate)
    return given


def _explain_absence(stage: Modality, is_there: bool, report: DecodeReport) -> str:
    """Why a stage has no vectors."""
    if report.lost == LOST_STREAMS[stage]:
        return WHY_LOST[stage]
    return WHY_NOTHING[stage] if is_there else WHY_NO_STREAM[stage]


def _explain_problem(report: DecodeReport) -> MediaError | None:
    """What is wrong with a file, and what became of the rest."""
    if report.problem is None:
        return None
    part = "that part" if report.problem.code == "truncated" else "the rest"
    return MediaError(report.problem.code, f"{report.problem}; {part} is in the library")
