"""Finds motion peaks in the mean optical flow between frames.

The rules:

- Flow is Farneback's, by OpenCV, between successive grey frames: pyramid scale 0.5, 3 levels,
  window 15, 3 iterations, polynomials over 5 pixels with a sigma of 1.2.
- The motion of a frame is the mean length of its flow, in pixels per frame. It is proportional to
  the size of the picture; the minimum motion of a peak is not.
- The first frame has no flow and gets that of the second, as in published code. So neither of the
  two can be a peak.
- A peak is a frame with more motion than the one before and the one after (not a plateau, and not
  the last frame), and at least the minimum motion, 0.1 pixels.
- The time of a frame is its display time. If all times match a constant frame rate from zero on,
  up to rounding by the container, it is the number of the frame divided by the rate, as in
  published code.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.extras import import_extra
from mvsearch.search.metrics.media.files import reading
from mvsearch.search.metrics.media.signals import open_pictures
from mvsearch.store.errors import MediaError, QueryError

FloatArray = npt.NDArray[np.float64]
Frame = npt.NDArray[np.uint8]

MIN_PEAK_PIXELS = 0.1
# Two frames give one flow and no peak; one frame gives no flow.
MIN_FRAMES = 2
# Farneback's window: smaller pictures have no neighbourhood to compare.
MIN_SIDE_PIXELS = 16
# Matroska keeps whole milliseconds.
ROUNDING_SECONDS = 0.001
# Maximum ratio of the frame rates by header and by count; beyond it the header is wrong.
MAX_RATE_FACTOR = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The motion of a video.

    Attributes:
        pixels: (n,) the mean flow of each frame.
        times_seconds: (n,) display times.
        frame_rate: average frames per second, see `choose_frame_rate`.
    """

    pixels: FloatArray
    times_seconds: FloatArray
    frame_rate: float


def read_motion(path: Path, height: int | None = None, seconds: float | None = None) -> Motion:
    """Measure the motion of every frame of a file, with two frames in memory at a time.

    Args:
        path: of the video.
        height: of scaled pictures; None keeps their size.
        seconds: length from the start that is used; None for all of it.

    Raises:
        QueryError: the file cannot be read, or has no picture or only one frame.
    """
    import_extra("cv2")
    times: list[float] = []
    with reading(path):
        pictures = open_pictures(path)
        frames = _note_times(pictures.stream(height, seconds), times)
        try:
            pixels = measure_motion(frames)
        except QueryError as error:  # without the name of the file
            raise MediaError("too_short", str(error)) from None
    frame_rate = choose_frame_rate(np.array(times), pictures.frame_rate)
    return Motion(pixels, _undo_rounding(np.array(times), frame_rate), frame_rate)


def choose_frame_rate(times: FloatArray, header: float) -> float:
    """The frame rate of the header, unless that of the frames differs by more than a factor of 2.

    Args:
        times: (n,) display times, at least two.
        header: frames per second; a recorded WebM may have a header of a thousand.
    """
    span_seconds = float(times[-1] - times[0])
    counted = (len(times) - 1) / span_seconds if span_seconds > 0 else header
    return header if counted / MAX_RATE_FACTOR <= header <= counted * MAX_RATE_FACTOR else counted


def _note_times(frames: Iterable[tuple[Frame, float]], times: list[float]) -> Iterator[Frame]:
    """Forward frames, and append their times to a list."""
    for frame, time_seconds in frames:
        times.append(time_seconds)
        yield frame


def _undo_rounding(times: FloatArray, frame_rate: float) -> FloatArray:
    """The times of a constant frame rate, if these differ only by rounding; else these."""
    steady = np.arange(len(times)) / frame_rate
    return steady if np.all(np.abs(times - steady) <= ROUNDING_SECONDS) else times


def measure_motion(frames: Iterable[Frame]) -> FloatArray:
    """The mean length of the flow of each frame.

    Args:
        frames: each (height, width, 3) RGB, all of one size.

    Returns:
        (n,) pixels per frame; the first value is that of the second frame.

    Raises:
        QueryError: there are fewer than two frames, or they are too small.
    """
    cv2 = import_extra("cv2")
    motions: list[float] = []
    before: Frame | None = None
    for frame in frames:
        if min(frame.shape[:2]) < MIN_SIDE_PIXELS:
            raise QueryError(f"pictures of {frame.shape[1]} × {frame.shape[0]} are too small")
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        if before is not None:
            flow = cv2.calcOpticalFlowFarneback(before, grey, None, 0.5, 3, 15, 3, 5, 1.2, 0)
            lengths, _ = cv2.cartToPolar(flow[..., 0], flow[..., 1])
            motions.append(float(np.mean(lengths)))
        before = grey
    if len(motions) < MIN_FRAMES - 1:
        raise QueryError("it has fewer than two frames, and no motion between them")
    return np.array([motions[0], *motions], dtype=np.float64)


def find_peaks(pixels: FloatArray, floor: float = MIN_PEAK_PIXELS) -> npt.NDArray[np.intp]:
    """Frames that move more than their neighbours do.

    Args:
        pixels: (n,) motion of each frame.
        floor: the least motion of a peak.

    Returns:
        Their positions, rising.

    Raises:
        QueryError: the motion is no finite row of numbers.
    """
    if pixels.ndim != 1 or not np.all(np.isfinite(pixels)):
        raise QueryError("motion is a row of finite numbers")
    inner = pixels[1:-1]
    is_peak = (inner > pixels[:-2]) & (inner > pixels[2:]) & (inner >= floor)
    return np.flatnonzero(is_peak) + 1
