"""One file in, its features out: the same code for the library and for a query clip."""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from indexer.audio import WindowBatch, Windower, WindowOptions
from indexer.encoders import AudioEncoder, Encoders, FrameEncoder
from indexer.frames import (
    DecodeOptions,
    DecodeReport,
    FrameBatch,
    SoundBlock,
    decode,
    read_image,
    read_thumbnail,
)
from indexer.probe import Probe, probe_file
from store.errors import MediaError
from store.records import Embeddings, Matrix, Modality, Segment, Space

__all__ = ["AnalysisOptions", "Features", "analyse_file", "analyse_image", "read_thumbnail"]

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


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How a file is analysed.

    Attributes:
        frames_per_second: None chooses by duration.
        hop_seconds: from one audio window to the next; None takes the encoder's.
        start_seconds, end_seconds: the section to analyse; times stay those of the file.
        stall_seconds: without progress for so long, the decoder is ended.
    """

    frames_per_second: float | None = None
    hop_seconds: float | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    stall_seconds: float = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the encoders made of one file.

    Attributes:
        embeddings: one for each space that has vectors.
        duration_seconds: as measured by decoding.
        absent: why a modality that was asked for has no vectors.
        uniform_seconds: times of frames of one colour, which are left out.
        problem: the file ends too early; what there is has been analysed.
    """

    embeddings: tuple[Embeddings, ...]
    duration_seconds: float
    absent: dict[Modality, str] = field(default_factory=dict)
    uniform_seconds: tuple[float, ...] = ()
    problem: MediaError | None = None


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
    return analyse_probed(path, probe_file(path), encoders, options, stages)


def analyse_probed(
    path: Path,
    probe: Probe,
    encoders: Encoders,
    options: AnalysisOptions,
    stages: Collection[Modality],
    stop: threading.Event | None = None,
) -> Features:
    """Decode a file once and encode its frames and its sound as they come.

    Memory holds one batch of frames and one of windows, however long the file is.

    Raises:
        MediaError: it cannot be decoded.
    """
    seen = _Seen(encoders.frames) if "frames" in stages and probe.picture else None
    ear = encoders.audio if "audio" in stages and probe.sound else None
    heard = _Heard(ear, options.hop_seconds) if ear is not None else None
    if seen is None and heard is None:
        absent = {stage: WHY_NO_STREAM[stage] for stage in stages}
        return Features((), probe.duration_seconds or 0.0, absent)
    with decode(path, probe, _decode_options(seen, heard, options), stop) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch) and seen is not None:
                seen.take(piece)
            elif isinstance(piece, SoundBlock) and heard is not None:
                heard.take(piece)
    return _finish(decoding.report, {"frames": seen, "audio": heard}, stages)


def _finish(
    report: DecodeReport,
    senses: "Mapping[Modality, _Seen | _Heard | None]",
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
            absent[stage] = WHY_NO_STREAM[stage] if sense is None else WHY_NOTHING[stage]
    seen = senses.get("frames")
    return Features(
        tuple(embeddings),
        report.duration_seconds,
        absent,
        seen.uniform_seconds if isinstance(seen, _Seen) else (),
        _explain_truncation(report) if report.is_truncated else None,
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


class _Seen:
    """Frames on their way through the encoder."""

    def __init__(self, encoder: FrameEncoder) -> None:
        self.encoder = encoder
        self._starts: list[float] = []
        self._kept: list[int] = []
        self._matrices: list[tuple[Matrix, ...]] = []

    @property
    def uniform_seconds(self) -> tuple[float, ...]:
        """Times of the frames that were left out."""
        kept = set(self._kept)
        return tuple(at for number, at in enumerate(self._starts) if number not in kept)

    def take(self, batch: FrameBatch) -> None:
        """Encode what is not of one colour."""
        first = len(self._starts)
        self._starts += batch.start_seconds.tolist()
        kept = np.flatnonzero(~batch.is_uniform)
        self._kept += (first + kept).tolist()
        if len(kept):
            self._matrices.append(self.encoder.encode(batch.frames[kept]))

    def finish(self, end_seconds: float) -> list[Embeddings]:
        """Each frame lasts until the next, the last one to the end."""
        ends = [*self._starts[1:], max([end_seconds, *self._starts[-1:]])]
        segments = [Segment(self._starts[number], ends[number]) for number in self._kept]
        return _gather(self.encoder.spaces, segments, self._matrices)


class _Heard:
    """Sound on its way through the encoder."""

    def __init__(self, encoder: AudioEncoder, hop_seconds: float | None) -> None:
        self.encoder = encoder
        hop = min(hop_seconds or encoder.hop_seconds, encoder.window_seconds)
        self._windower = Windower(WindowOptions(encoder.sample_rate, encoder.window_seconds, hop))
        self._segments: list[Segment] = []
        self._matrices: list[tuple[Matrix, ...]] = []

    def take(self, block: SoundBlock) -> None:
        """Encode the windows that are full."""
        self._encode(self._windower.push(block))

    def finish(self, end_seconds: float) -> list[Embeddings]:
        """Encode the last window; none ends after the file does."""
        self._encode(self._windower.finish())
        segments = [
            Segment(segment.start_seconds, min(segment.end_seconds or 0.0, end_seconds))
            for segment in self._segments
        ]
        return _gather(self.encoder.spaces, segments, self._matrices)

    def _encode(self, batches: Iterable[WindowBatch]) -> None:
        for batch in batches:
            times = zip(batch.start_seconds.tolist(), batch.end_seconds.tolist(), strict=True)
            self._segments += (Segment(start, end) for start, end in times)
            self._matrices.append(self.encoder.encode(batch.windows))


def _gather(
    spaces: Sequence[Space], segments: Sequence[Segment], matrices: Sequence[tuple[Matrix, ...]]
) -> list[Embeddings]:
    """One `Embeddings` for each space, from batches of one matrix for each space."""
    if not segments:
        return []
    return [
        Embeddings(space, tuple(segments), np.concatenate(parts))
        for space, parts in zip(spaces, zip(*matrices, strict=True), strict=True)
    ]


def _decode_options(
    seen: _Seen | None, heard: _Heard | None, options: AnalysisOptions
) -> DecodeOptions:
    """What the encoders need of the decoder."""
    given = DecodeOptions(
        wants_picture=seen is not None,
        wants_sound=heard is not None,
        frame_rate=options.frames_per_second,
        start_seconds=options.start_seconds or 0.0,
        end_seconds=options.end_seconds,
        batch_frames=BATCH_FRAMES,
        stall_seconds=options.stall_seconds,
    )
    if seen is not None:
        given = replace(given, frame_size=seen.encoder.frame_size)
    if heard is not None:
        given = replace(given, sample_rate=heard.encoder.sample_rate)
    return given


def _explain_truncation(report: DecodeReport) -> MediaError:
    """How much of a file there is, and what became of it."""
    return MediaError("truncated", f"{report.why_truncated}; that part is in the library")
