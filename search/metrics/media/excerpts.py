"""Reads frames and sections of audio from a file as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.types import (
    DecodeOptions,
    DecodeReport,
    FrameBatch,
    SoundBlock,
)
from mvsearch.indexer.media.probe import probe_file
from mvsearch.search.metrics.media.signals import EVERY_FRAME_RATE
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

# Longer files would take too much memory; this is 350 MB at 48 kHz.
MAX_SECONDS = 1_800.0


@dataclass(frozen=True, slots=True)
class ExcerptOptions:
    """The frames and sections of sound to read.

    Attributes:
        frame_size: (width, height) of scaled pictures; None reads no frames.
        frame_rate: frames per second; None takes every frame.
        sample_rate: of the mono sound, in hertz; None reads no sound.
        interval_seconds: between the starts of sections of sound.
        length_seconds: of a section.
    """

    frame_size: tuple[int, int] | None = None
    frame_rate: float | None = None
    sample_rate: int | None = None
    interval_seconds: float = 5.0
    length_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Validate interval and length."""
        if not (self.interval_seconds > 0 and self.length_seconds > 0):
            raise ValueError(f"sections have a length and a distance: {self}")


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """A section of sound.

    Attributes:
        start_seconds: relative to the file's start.
        samples: (n,) float32 mono in [-1, 1].
    """

    start_seconds: float
    samples: Matrix


def read_sound_at(path: Path, sample_rate: int) -> Matrix:
    """Read the sound of a file as (n,) float32 mono samples in [-1, 1] at a sample rate.

    Raises:
        MediaError: it has no sound, cannot be decoded, is damaged or truncated, or is longer than
            `MAX_SECONDS`.
    """
    probe = probe_file(path)
    if probe.sound is None:
        raise MediaError("no_media", "it has no sound")
    wanted = DecodeOptions(wants_picture=False, sample_rate=sample_rate)
    blocks: list[Matrix] = []
    with decode(path, probe, wanted) as decoding:
        for piece in decoding:
            if isinstance(piece, SoundBlock):
                blocks.append(piece.samples)
            if sum(map(len, blocks)) > MAX_SECONDS * sample_rate:
                minutes = MAX_SECONDS / 60
                raise MediaError("no_media", f"its sound is longer than {minutes:g} minutes")
    check_whole(decoding.report)
    return np.concatenate(blocks)


def read_excerpts(path: Path, options: ExcerptOptions) -> Iterator[FrameBatch | Excerpt]:
    """Read frames and complete sections of sound in one pass.

    A section that the end of the file cuts short is left out. As in `decode`, the first frame at
    or after each multiple of 1 / rate is taken.

    Raises, during iteration:
        MediaError: the file lacks picture or sound, cannot be decoded, or is damaged or truncated.
    """
    probe = probe_file(path)
    if options.frame_size is not None and probe.picture is None:
        raise MediaError("no_media", "it has no picture that moves")
    if options.sample_rate is not None and probe.sound is None:
        raise MediaError("no_media", "it has no sound")
    wanted = DecodeOptions(
        wants_picture=options.frame_size is not None,
        wants_sound=options.sample_rate is not None,
        frame_rate=options.frame_rate or EVERY_FRAME_RATE,
        decoded="all",
        batch_frames=16,
    )
    if options.frame_size is not None:
        wanted = replace(wanted, frame_size=options.frame_size)
    if options.sample_rate is not None:
        wanted = replace(wanted, sample_rate=options.sample_rate)
    cutter = _Cutter(options)
    with decode(path, probe, wanted) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch):
                yield piece
            else:
                yield from cutter.push(piece)
    check_whole(decoding.report)


def check_whole(report: DecodeReport) -> None:
    """Raise the error of a file that could not be decoded completely."""
    if report.problem is not None:
        raise report.problem


class _Cutter:
    """Cuts blocks of sound from time 0 into sections; buffers about one section."""

    def __init__(self, options: ExcerptOptions) -> None:
        self._rate = options.sample_rate or 1
        self._interval = options.interval_seconds
        self._n_section = round(options.length_seconds * self._rate)
        self._number = 0
        self._n_dropped = 0
        self._samples: Matrix = np.zeros(0, np.float32)

    def push(self, block: SoundBlock) -> Iterator[Excerpt]:
        """Add a block, and yield the sections that are complete."""
        self._samples = np.concatenate([self._samples, block.samples])
        while (begin := self._find_next()) + self._n_section <= len(self._samples):
            section = self._samples[begin : begin + self._n_section].copy()
            yield Excerpt(self._number * self._interval, section)
            self._number += 1
        n_done = min(begin, len(self._samples))
        self._samples = self._samples[n_done:]
        self._n_dropped += n_done

    def _find_next(self) -> int:
        """The start of the next section; computed from time 0, so that no rounding adds up."""
        return round(self._number * self._interval * self._rate) - self._n_dropped
