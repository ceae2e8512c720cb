"""Classifies a file over time: its frames, or segments of its audio."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import FrameClassifier, SoundClassifier
from mvsearch.indexer.features.absence import WHY_NO_STREAM, WHY_NOTHING
from mvsearch.indexer.media.decoding.frames import DecodeOptions, FrameBatch, SoundBlock, decode
from mvsearch.indexer.media.probe import probe_file
from mvsearch.search.metrics.media.excerpts import check_whole
from mvsearch.search.metrics.media.signals import is_silent
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

# The shortest segment that says anything, as AudioCraft has it.
SHORTEST_SECONDS = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Posteriors:
    """The classes of a file, a row a frame or a segment, in the order of time.

    Attributes:
        start_seconds, end_seconds: (n,) float64; a frame lasts until the next one.
        rows: (n, c) float32, each sums to 1.
    """

    start_seconds: npt.NDArray[np.float64]
    end_seconds: npt.NDArray[np.float64]
    rows: Matrix


def classify_frames(
    path: Path, classifier: FrameClassifier, frames_per_second: float
) -> Posteriors:
    """Classify the frames of a file; those of one colour are left out.

    Raises:
        MediaError: it cannot be decoded, ends too early, or shows nothing.
    """
    starts: list[float] = []
    uniform: list[bool] = []
    rows: list[Matrix] = []
    options = DecodeOptions(
        frame_size=classifier.frame_size, wants_sound=False, frame_rate=frames_per_second
    )
    probe = probe_file(path)
    if probe.picture is None:
        raise MediaError("no_media", WHY_NO_STREAM["frames"])
    with decode(path, probe, options) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch):
                starts += piece.start_seconds.tolist()
                uniform += piece.is_uniform.tolist()
                rows.append(classifier.classify(piece.frames[~piece.is_uniform]))
    check_whole(decoding.report)
    kept = ~np.array(uniform, dtype=bool)
    if not kept.any():
        raise MediaError("no_media", WHY_NOTHING["frames"])
    ends = np.array([*starts[1:], max(decoding.report.duration_seconds, starts[-1])])
    return Posteriors(np.array(starts)[kept], ends[kept], np.concatenate(rows))


def classify_sound(path: Path, classifier: SoundClassifier, segment_seconds: float) -> Posteriors:
    """Classify the sound of a file in segments; a rest of `SHORTEST_SECONDS` is left out.

    Silence within a sound is classified like anything else: AudioSet has a class for it.

    Raises:
        MediaError: it cannot be decoded, ends too early, or is silent.
        ValueError: the segments are longer than the classifier hears.
    """
    rows: list[Matrix] = []
    spans: list[tuple[float, float]] = []
    is_all_silent = True
    for block in _read_segments(path, classifier.sample_rate, segment_seconds):
        seconds = len(block.samples) / classifier.sample_rate
        if seconds > SHORTEST_SECONDS:
            is_all_silent &= is_silent(block.samples)
            spans.append((block.start_seconds, block.start_seconds + seconds))
            rows.append(classifier.classify(block.samples[None]))
    if is_all_silent:
        raise MediaError("no_media", WHY_NOTHING["audio"])
    starts, ends = np.array(spans).T
    return Posteriors(starts, ends, np.concatenate(rows))


def _read_segments(path: Path, sample_rate: int, segment_seconds: float) -> Iterator[SoundBlock]:
    """The sound of a file in blocks of one length, but for the last."""
    probe = probe_file(path)
    if probe.sound is None:
        raise MediaError("no_media", WHY_NO_STREAM["audio"])
    options = DecodeOptions(
        sample_rate=sample_rate, wants_picture=False, block_seconds=segment_seconds
    )
    with decode(path, probe, options) as decoding:
        for piece in decoding:
            if isinstance(piece, SoundBlock):
                yield piece
    check_whole(decoding.report)
