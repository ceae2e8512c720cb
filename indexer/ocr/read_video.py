"""Reads the text of sampled frames of a video, and only of those that show any."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.frames import DecodeOptions, FrameBatch, decode
from mvsearch.indexer.media.decoding.types import MAX_HOURS
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.indexer.ocr.reader import Frame, Reading, TextReader
from mvsearch.indexer.ocr.tracking import LineTracker
from mvsearch.store.records import ShownLine

# Part of the mark of the stage: raise it when other frames are read, or lines joined otherwise.
RULE = 1

LONGEST_PIXELS = 640
SHORTEST_PIXELS = 32
# A line lasts a second and more; its times are then right within a quarter of a second.
FRAMES_PER_SECOND = 2.0
# Half an hour at this rate; of longer videos, frames are farther apart. Where the header tells too
# short a duration, or none, they are so from the time on at which it shows.
MAX_FRAMES = 3600
BATCH_FRAMES = 8
# Brightness of blocks of 8 × 8 pixels: a letter changes more, compression less.
BLOCK_PIXELS = 8
SAME_BRIGHTNESS = 5.0


@dataclass(slots=True)
class ReadingCounts:
    """How many frames were looked at, glanced at and read."""

    n_frames: int = 0
    n_glances: int = 0
    n_read: int = 0


def reading_mark(reader: TextReader) -> str:
    """The mark of a reader and of the rule by which frames are chosen; another is read anew."""
    return f"{reader.key}-{RULE}"[:40]


def read_video_text(
    path: Path,
    probe: Probe,
    reader: TextReader,
    *,
    max_hours: float = MAX_HOURS,
    stop: threading.Event | None = None,
    counts: ReadingCounts | None = None,
) -> tuple[ShownLine, ...]:
    """Read the lines of text that a video shows.

    Args:
        path: of the file.
        probe: of the file.
        reader: reads frames.
        max_hours: longer files are refused.
        stop: when set, the decoder is ended.
        counts: of the frames, added to.

    Returns:
        The lines with times, in their order; none if there is no picture.

    Raises:
        MediaError: it cannot be decoded.
        DecodeStoppedError: `stop` was set.
    """
    if probe.picture is None:
        return ()
    options = DecodeOptions(
        frame_size=choose_size(probe.picture),
        wants_sound=False,
        frame_rate=choose_rate(probe.duration_seconds or 0.0),
        batch_frames=BATCH_FRAMES,
        max_seconds=max_hours * 3600,
    )
    tracker, look = LineTracker(), _Look(reader, counts or ReadingCounts())
    due_seconds = 0.0
    with decode(path, probe, options, stop) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch):
                for number, seconds in enumerate(piece.start_seconds.tolist()):
                    if seconds * (1 - 1 / MAX_FRAMES) < due_seconds:
                        continue
                    due_seconds = seconds
                    is_empty = bool(piece.is_uniform[number])
                    frame = None if is_empty else piece.frames[number]
                    tracker.take(seconds, look.read(frame))
    return tracker.finish(decoding.report.duration_seconds)


def choose_size(picture: PictureStream) -> tuple[int, int]:
    """Width and height of the frames that are read, with the shape of the display."""
    wide, high = picture.width * picture.pixel_aspect, float(picture.height)
    scale = min(1.0, LONGEST_PIXELS / max(wide, high))
    return max(SHORTEST_PIXELS, round(wide * scale)), max(SHORTEST_PIXELS, round(high * scale))


def choose_rate(duration_seconds: float) -> float:
    """Frames per second that are looked at."""
    return min(FRAMES_PER_SECOND, MAX_FRAMES / max(duration_seconds, 1.0))


class _Look:
    """Reads frame after frame, and no frame that shows what the one before showed."""

    def __init__(self, reader: TextReader, counts: ReadingCounts) -> None:
        self._reader = reader
        self._counts = counts
        self._blocks: npt.NDArray[np.float32] | None = None
        self._readings: tuple[Reading, ...] = ()

    def read(self, frame: Frame | None) -> tuple[Reading, ...]:
        """The readings of the next frame; None is a frame of one colour."""
        self._counts.n_frames += 1
        if frame is None:
            self._blocks, self._readings = None, ()
            return ()
        blocks = measure_blocks(frame)
        if self._blocks is not None and np.abs(blocks - self._blocks).max() < SAME_BRIGHTNESS:
            return self._readings
        self._blocks = blocks
        self._counts.n_glances += 1
        self._readings = ()
        if self._reader.shows_text(frame):
            self._counts.n_read += 1
            self._readings = self._reader.read(frame)
        return self._readings


def measure_blocks(frame: Frame) -> npt.NDArray[np.float32]:
    """The mean green of blocks of a (height, width, 3) frame; its edges may be left out."""
    height, width = (side // BLOCK_PIXELS * BLOCK_PIXELS for side in frame.shape[:2])
    green = frame[:height, :width, 1].astype(np.float32)
    shape = (height // BLOCK_PIXELS, BLOCK_PIXELS, width // BLOCK_PIXELS, BLOCK_PIXELS)
    means: npt.NDArray[np.float32] = green.reshape(shape).mean(axis=(1, 3))
    return means
