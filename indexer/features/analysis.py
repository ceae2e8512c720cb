"""Analyses one file into features; indexing and query clips share this code."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.audio.landmarks import VIDEO_PEAKS
from mvsearch.indexer.features.absence import WHY_NO_STREAM, explain_absence, explain_problem
from mvsearch.indexer.features.encoder_pool import EncoderPool
from mvsearch.indexer.features.stream_encoding import AudioStream, FrameStream, open_frame_stream
from mvsearch.indexer.media.decoding.frames import (
    DecodeOptions,
    DecodeReport,
    Decoding,
    FrameBatch,
    SoundBlock,
    decode,
    read_image,
)
from mvsearch.indexer.media.decoding.types import MAX_HOURS, Decoded
from mvsearch.indexer.media.files.content import content_id
from mvsearch.indexer.media.files.scan import ScanOptions, scan_places
from mvsearch.indexer.media.hardware import Hardware
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.media.stills import StillSelector
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Embeddings, Modality, Segment, Still, Tag

__all__ = [
    "AnalysisOptions",
    "Features",
    "ScanOptions",
    "analyse_file",
    "analyse_image",
    "read_image",
    "scan_places",
]

# Frames a batch. More are no faster on a CPU and take memory.
BATCH_FRAMES = 16


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How a file is analysed.

    Attributes:
        frames_per_second: sampled frames; None depends on the duration.
        decoded: which frames are decoded; see `DecodeOptions`.
        hardware: chooses a hardware decoder; None decodes in software.
        hop_seconds: from one audio window to the next; None uses the encoder's.
        start_seconds, end_seconds: the section to analyse; times are from the start of the file.
        stall_seconds: the decoder is killed after this time without output.
        max_hours: longer files, by the header or as decoded, are refused.
        has_stills: whether stills are made.
        n_peaks: spectral peaks kept of each second of sound, about.
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
    n_peaks: int = VIDEO_PEAKS


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The features of one file.

    Attributes:
        embeddings: one for each space that has vectors.
        duration_seconds: of the decoded part; None if nothing was decoded.
        absent: why a requested modality has no vectors.
        uniform_seconds: times of uniform frames (one colour), which are not encoded.
        problem: the file is damaged or ends too early; the rest has been analysed.
        tags: class names with times, by the encoders that are classifiers.
        stills: small images with times, if requested.
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
    """Analyse a file that has not been probed yet, such as a query clip.

    Raises:
        MediaError: it cannot be read or decoded.
    """
    options = options or AnalysisOptions()
    # The id seeds the sample of frames; other profiles do not need it.
    video_id = content_id(path) if encoders.profile.frames_a_video else ""
    with EncoderPool(encoders, stages) as encoder_pool:
        return analyse_probed(path, video_id, probe_file(path), encoder_pool, options, stages)


def analyse_probed(
    path: Path,
    video_id: str,
    probe: Probe,
    encoder_pool: EncoderPool,
    options: AnalysisOptions,
    stages: Collection[Modality],
    stop: threading.Event | None = None,
) -> Features:
    """Decode a file once, and encode its frames and audio in parallel.

    Memory is bounded by the queues of `encoder_pool`, however long the file is.

    Args:
        path: of the file.
        video_id: its content id; seeds the sample of frames, in profiles that sample.
        probe: the result of probing the file.
        encoder_pool: the encoder threads.
        options: the section, the rates and the time limits.
        stages: "frames" or "audio" or both.
        stop: when set, the decoder is ended.

    Raises:
        MediaError: it cannot be decoded.
        DecodeStoppedError: `stop` was set.
    """
    method = _choose_hardware(path, probe, options, stages)
    if options.hardware is not None and method is not None:
        try:
            return _analyse_with(method, path, video_id, probe, encoder_pool, options, stages, stop)
        except MediaError as error:
            if error.code == "too_long":
                raise
            options.hardware.give_up(probe)
    return _analyse_with(None, path, video_id, probe, encoder_pool, options, stages, stop)


def _choose_hardware(
    path: Path, probe: Probe, options: AnalysisOptions, stages: Collection[Modality]
) -> str | None:
    """The hardware decoder for a file, if it is faster."""
    if options.hardware is None or "frames" not in stages:
        return None
    wanted = DecodeOptions(frame_rate=options.frames_per_second, decoded=options.decoded)
    return options.hardware.choose(path, probe, wanted)


def _analyse_with(
    hardware: str | None,
    path: Path,
    video_id: str,
    probe: Probe,
    encoder_pool: EncoderPool,
    options: AnalysisOptions,
    stages: Collection[Modality],
    stop: threading.Event | None,
) -> Features:
    """Analyse a file with one decoder."""
    frame_stream = audio_stream = None
    if "frames" in stages and probe.picture is not None:
        frame_stream = open_frame_stream(encoder_pool, video_id, stop)
        if options.has_stills:
            frame_stream.stills = StillSelector(probe.picture, probe.duration_seconds)
    if "audio" in stages and probe.sound is not None and encoder_pool.encoders.audio is not None:
        queue = encoder_pool.open_queue("audio", stop)
        encoder = encoder_pool.encoders.audio
        audio_stream = AudioStream(encoder, queue, options.hop_seconds, options.n_peaks)
    if frame_stream is None and audio_stream is None:
        absent = {stage: WHY_NO_STREAM[stage] for stage in stages}
        return Features((), None, absent)
    wanted = replace(_decode_options(frame_stream, audio_stream, options), hardware=hardware)
    with encoder_pool.decoding(stop), decode(path, probe, wanted, stop) as decoding:
        report = _feed(decoding, frame_stream, audio_stream)
    if probe.is_picture_lost and "frames" in stages and not wanted.is_section:
        report = replace(report, lost="picture")
    return _finish(report, {"frames": frame_stream, "audio": audio_stream}, stages)


def _feed(
    decoding: Decoding, frame_stream: FrameStream | None, audio_stream: AudioStream | None
) -> DecodeReport:
    """Submit all decoded frames and audio to the encoders."""
    for piece in decoding:
        if isinstance(piece, FrameBatch) and frame_stream is not None:
            frame_stream.take(piece)
        elif isinstance(piece, SoundBlock) and audio_stream is not None:
            audio_stream.take(piece)
    # Both submit their last rows before either waits for vectors.
    for stream in (frame_stream, audio_stream):
        if stream is not None:
            stream.flush()
    return decoding.report


def _finish(
    report: DecodeReport,
    streams: Mapping[Modality, FrameStream | AudioStream | None],
    stages: Collection[Modality],
) -> Features:
    """Collect the results of the streams, with a reason for each that has none."""
    embeddings: list[Embeddings] = []
    absent: dict[Modality, str] = {}
    for stage in stages:
        stream = streams.get(stage)
        found = stream.finish(report.duration_seconds) if stream is not None else []
        embeddings += found
        if not found:
            absent[stage] = explain_absence(stage, stream is not None, report)
    features = Features(
        tuple(embeddings),
        report.duration_seconds,
        absent,
        problem=explain_problem(report),
        tags=tuple(tag for stream in streams.values() if stream is not None for tag in stream.tags),
    )
    frames = streams.get("frames")
    if not isinstance(frames, FrameStream):
        return features
    return replace(
        features,
        uniform_seconds=frames.uniform_seconds,
        stills=frames.stills.finish() if frames.stills is not None else (),
    )


def analyse_image(path: Path, encoders: Encoders) -> tuple[Embeddings, ...]:
    """Encode an image as a frame without duration, one `Embeddings` for each space of frames.

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
    frame_stream: FrameStream | None, audio_stream: AudioStream | None, options: AnalysisOptions
) -> DecodeOptions:
    """The decoder options that the encoders need."""
    given = DecodeOptions(
        wants_picture=frame_stream is not None,
        wants_sound=audio_stream is not None,
        frame_rate=options.frames_per_second,
        decoded=options.decoded,
        start_seconds=options.start_seconds or 0.0,
        end_seconds=options.end_seconds,
        batch_frames=BATCH_FRAMES,
        stall_seconds=options.stall_seconds,
        max_seconds=options.max_hours * 3600,
    )
    if frame_stream is not None:
        given = replace(given, frame_size=frame_stream.encoder.frame_size)
    if audio_stream is not None:
        given = replace(given, sample_rate=audio_stream.encoder.sample_rate)
    return given
