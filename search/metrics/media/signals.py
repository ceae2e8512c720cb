"""Reads all audio and all frames of a file as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.audio import SILENCE_RMS, read_sound
from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.types import DecodeOptions, FrameBatch
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

# Maximum sample rate; headers may have any value, and no audio converter gives more.
MAX_SAMPLE_RATE = 192_000
# Above any real frame rate, so that every frame is taken.
EVERY_FRAME_RATE = 2000.0
# Small, because frames are not scaled down: 4 of 3840 × 2160 are 100 MB.
BATCH_FRAMES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """The sound of a file.

    Attributes:
        samples: (n,) float32 mono in [-1, 1]; channels are averaged.
        sample_rate: of the stream.
    """

    samples: Matrix
    sample_rate: int

    @property
    def duration_seconds(self) -> float:
        """The duration of the sound."""
        return len(self.samples) / self.sample_rate

    @property
    def is_silent(self) -> bool:
        """Whether the sound as a whole is silent, see `is_silent`."""
        return is_silent(self.samples)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The frames of a file, decoded on demand.

    Attributes:
        path: of the file.
        probe: of the file.
        width, height: as displayed.
        frame_rate: average frames per second, by the header.
    """

    path: Path
    probe: Probe
    width: int
    height: int
    frame_rate: float

    def stream(
        self, height: int | None = None, seconds: float | None = None
    ) -> Iterator[tuple[npt.NDArray[np.uint8], float]]:
        """Decode every frame, or those of the first `seconds`, in order of time.

        Args:
            height: of scaled frames with the same aspect ratio; None keeps the size.
            seconds: length from the start that is used; None for all of it.

        Yields:
            ((height, width, 3) uint8 RGB, display time in seconds).

        Raises:
            MediaError: the file cannot be decoded.
            ToolMissingError: ffmpeg is not installed.
        """
        size = (self.width, self.height)
        if height is not None:
            size = (max(1, round(self.width * height / self.height)), height)
        options = DecodeOptions(
            frame_size=size,
            wants_sound=False,
            frame_rate=EVERY_FRAME_RATE,
            decoded="all",
            end_seconds=seconds,
            batch_frames=BATCH_FRAMES,
        )
        with decode(self.path, self.probe, options) as decoding:
            for piece in decoding:
                if isinstance(piece, FrameBatch):
                    yield from zip(piece.frames, piece.start_seconds.tolist(), strict=True)


def is_silent(samples: Matrix) -> bool:
    """Whether the RMS of (n,) samples is below that of the dither of digital silence."""
    if not samples.size:
        return True
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) < SILENCE_RMS


def read_whole_sound(path: Path, seconds: float | None = None) -> Sound:
    """Read the sound of a file, or its first `seconds`, at the sample rate of the stream.

    Raises:
        MediaError: the file cannot be read or decoded, or has no sound.
        ToolMissingError: ffmpeg is not installed.
    """
    probe = probe_file(path)
    if probe.sound is None:
        raise MediaError("no_media", "the file has no sound")
    sample_rate = min(probe.sound.sample_rate, MAX_SAMPLE_RATE)
    options = DecodeOptions(end_seconds=seconds)
    return Sound(read_sound(path, probe, sample_rate, options), sample_rate)


def open_pictures(path: Path) -> Pictures:
    """Open the frames of a file without decoding any.

    Raises:
        MediaError: the file cannot be read, has no picture, or has no frame rate.
        ToolMissingError: ffprobe is not installed.
    """
    probe = probe_file(path)
    picture = probe.picture
    if picture is None:
        raise MediaError("no_media", "the file has no picture")
    if picture.frame_rate is None:
        raise MediaError("no_media", "the file has no frame rate")
    return Pictures(path, probe, picture.width, picture.height, picture.frame_rate)
