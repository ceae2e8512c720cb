"""Selects and encodes small still images of a video from its decoded frames."""

import io
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.types import Decoded, DecodeOptions, FrameBatch
from mvsearch.indexer.media.pictures import read_image, read_size
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.store.errors import MediaError
from mvsearch.store.records import MAX_STILL_BYTES, Still

Frame = npt.NDArray[np.uint8]

# In pixels, of the longer side. Most encoders take frames of 224 × 224.
LONGEST_SIDE = 192
SHORTEST_SIDE = 8
# About 2 KB and 1 ms of processor time a still.
QUALITY, METHOD = 50, 2
# One every 4.2 s for a song of 200 s; about 100 KB a video.
MAX_STILLS = 48
MIN_STEP_SECONDS = 3.0
# Frames with a smaller spread of brightness show little, such as fades or black with a logo. The
# second applies within rows and within columns: a frame of one colour between bars.
MIN_SPREAD = 8.0
MIN_LINE_SPREAD = 3.0
# Key frames alone are enough if they give this share of the expected stills.
ENOUGH = 0.25
# Of longer files only key frames are decoded, as all frames would take too long.
MAX_WHOLE_SECONDS = 600.0
# Within it a frame is shown; films have 24 a second, and slide shows one in several seconds.
FRAME_SECONDS = 0.25
# In pixels. A larger still in a library was not written by mvsearch.
MAX_SIDE = 512


class StillSelector:
    """Selects the first frame of each time step that shows something.

    The step follows from the duration in the header. If there are more than `max_stills`, the step
    is doubled and every second still is dropped, so that memory is bounded.
    """

    def __init__(
        self,
        picture: PictureStream,
        duration_seconds: float | None,
        max_stills: int = MAX_STILLS,
    ) -> None:
        self._size = choose_size(picture)
        self._max_stills = max_stills
        self._step_seconds = choose_step(duration_seconds, max_stills)
        self._taken: dict[int, Still] = {}
        self._dull: tuple[float, float, Frame] | None = None

    def take(self, batch: FrameBatch) -> None:
        """Select stills of a batch; batches come in the order of time."""
        for number in np.flatnonzero(~batch.is_uniform):
            seconds = float(batch.start_seconds[number])
            slot = math.floor(seconds / self._step_seconds)
            if slot in self._taken:
                continue
            frame = batch.frames[number]
            spread = measure_spread(frame)
            if spread >= 1.0:
                self._taken[slot] = Still(seconds, encode_still(frame, self._size))
                self._thin()
            elif not self._taken and (self._dull is None or spread > self._dull[0]):
                self._dull = spread, seconds, frame.copy()

    def finish(self) -> tuple[Still, ...]:
        """Return the stills in the order of time; if none, the frame of the largest spread."""
        if not self._taken and self._dull is not None:
            _, seconds, frame = self._dull
            return (Still(seconds, encode_still(frame, self._size)),)
        return tuple(self._taken[slot] for slot in sorted(self._taken))

    def _thin(self) -> None:
        """Double the step if there are too many stills."""
        if len(self._taken) <= self._max_stills:
            return
        self._step_seconds *= 2
        kept: dict[int, Still] = {}
        for slot in sorted(self._taken):
            kept.setdefault(slot // 2, self._taken[slot])
        self._taken = kept


def choose_step(duration_seconds: float | None, max_stills: int = MAX_STILLS) -> float:
    """Return the seconds between stills for a duration by the header."""
    return max(MIN_STEP_SECONDS, (duration_seconds or 0.0) / max_stills)


def choose_size(picture: PictureStream) -> tuple[int, int]:
    """Return width and height of a still in pixels, with the aspect ratio of the display."""
    wide, high = picture.width * picture.pixel_aspect, float(picture.height)
    scale = LONGEST_SIDE / max(wide, high)
    return max(SHORTEST_SIDE, round(wide * scale)), max(SHORTEST_SIDE, round(high * scale))


def measure_spread(frame: Frame) -> float:
    """Measure the spread of brightness of a (height, width, 3) frame; 1 is the threshold.

    It is the mean absolute deviation from the median, which a small bright spot on black changes
    less than the standard deviation.
    """
    brightness = frame[::4, ::4].mean(axis=2, dtype=np.float32)
    lines = (np.abs(brightness - brightness.mean(axis, keepdims=True)).mean() for axis in (0, 1))
    whole = np.abs(brightness - np.median(brightness)).mean()
    return float(min(whole / MIN_SPREAD, min(lines) / MIN_LINE_SPREAD))


def encode_still(frame: Frame, size: tuple[int, int]) -> bytes:
    """Encode a (height, width, 3) RGB frame as WebP (RFC 9649) of the given (width, height)."""
    from PIL import Image

    written = io.BytesIO()
    scaled = Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR)
    scaled.save(written, "WEBP", quality=QUALITY, method=METHOD)
    return written.getvalue()


def shrink_still(still: Still, max_side: int) -> Still:
    """A still whose longest side is at most so many pixels; it is never enlarged."""
    from PIL import Image

    with Image.open(io.BytesIO(still.image)) as picture:
        if max(picture.size) <= max_side:
            return still
        picture.thumbnail((max_side, max_side))
        return Still(still.seconds, encode_still(np.asarray(picture.convert("RGB")), picture.size))


def is_still(image: bytes) -> bool:
    """Return whether bytes from a library are exactly one small, valid WebP image."""
    from PIL import Image

    if not 12 < len(image) <= MAX_STILL_BYTES:
        return False
    if int.from_bytes(image[4:8], "little") + 8 != len(image):
        return False
    try:
        with Image.open(io.BytesIO(image), formats=("WEBP",)) as picture:
            if max(picture.size) > MAX_SIDE or getattr(picture, "n_frames", 1) != 1:
                return False
            picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True


def make_stills(path: Path) -> tuple[Still, ...]:
    """Make the stills of a file, from its key frames alone if these are enough.

    Raises:
        MediaError: the file has no video stream, or cannot be read or decoded.
        ToolMissingError: ffmpeg is not installed.
    """
    probe = probe_file(path)
    if probe.picture is None:
        raise MediaError("no_media", "it has no picture")
    seconds = probe.duration_seconds or 0.0
    enough = max(1.0, ENOUGH * seconds / choose_step(seconds))
    try:
        stills = _take_stills(path, probe, probe.picture, "key")
    except MediaError:
        stills = ()
    if len(stills) >= enough or seconds > MAX_WHOLE_SECONDS:
        return stills
    return _take_stills(path, probe, probe.picture, "needed")


def make_frame_still(path: Path, seconds: float) -> Still:
    """Make a still of the frame that is shown at a time, or of the last one.

    Raises:
        MediaError: the file has no video stream, or cannot be read or decoded.
        ToolMissingError: ffmpeg is not installed.
    """
    probe = probe_file(path)
    if probe.picture is None:
        raise MediaError("no_media", "it has no picture")
    last = max(0.0, (probe.duration_seconds or math.inf) - FRAME_SECONDS)
    start = min(seconds, last)
    options = DecodeOptions(
        wants_sound=False,
        frame_rate=1 / FRAME_SECONDS,
        decoded="all",
        n_threads=1,
        start_seconds=start,
        end_seconds=start + FRAME_SECONDS,
        batch_frames=1,
    )
    with decode(path, probe, options) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch):
                image = encode_still(piece.frames[0], choose_size(probe.picture))
                return Still(float(piece.start_seconds[0]), image)
    raise MediaError("decode_failed", "there is no frame at that time")


def make_picture_still(path: Path) -> Still:
    """Make the still of a picture, in its own shape.

    Raises:
        MediaError: it is not a picture, or cannot be decoded.
    """
    try:
        wide, high = read_size(path)
    except MediaError:
        wide = high = 1  # another format, or damaged, which the reader says
    scale = LONGEST_SIDE / max(wide, high)
    size = max(SHORTEST_SIDE, round(wide * scale)), max(SHORTEST_SIDE, round(high * scale))
    return Still(0.0, encode_still(read_image(path, size), size))


def _take_stills(
    path: Path, probe: Probe, picture: PictureStream, decoded: Decoded
) -> tuple[Still, ...]:
    taker = StillSelector(picture, probe.duration_seconds)
    options = DecodeOptions(wants_sound=False, decoded=decoded, n_threads=1)
    with decode(path, probe, options) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch):
                taker.take(piece)
    return taker.finish()
