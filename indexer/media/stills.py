"""Selects and encodes small still images of a video from its decoded frames."""

import io
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.types import Decoded, DecodeOptions, FrameBatch
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.store.errors import MediaError
from mvsearch.store.records import MAX_STILL_BYTES, Still

Frame = npt.NDArray[np.uint8]

# In pixels, of the longer side; frames come as 224 × 224 to most encoders.
LONGEST_SIDE = 192
SHORTEST_SIDE = 8
# About 2 KB and 1 ms of a core a picture.
QUALITY, METHOD = 50, 2
# A song of 200 s has one each 4.2 s; a video's stills are some 100 KB.
MAX_STILLS = 48
MIN_STEP_SECONDS = 3.0
# Brightness that spreads by less shows next to nothing: fades, black with a logo in a corner; and
# by less within rows or within columns: one colour between bars.
MIN_SPREAD = 8.0
MIN_LINE_SPREAD = 3.0
# Key frames alone will do where they give this share of the stills that there would be.
ENOUGH = 0.25
# Of longer files, only key frames are read: a page does not wait for hours of film.
MAX_WHOLE_SECONDS = 600.0
# A picture from a library is no larger, or it is not ours, of this version or another.
MAX_SIDE = 512


class StillTaker:
    """Takes stills of a video as its frames come; the first that shows something of each step.

    The step follows the duration in the header. Where that lies, it is doubled, and every other
    still is dropped, as often as needed: memory holds no more than `max_stills`.
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
        """Look at frames in the order of time."""
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
        """The stills in the order of time; the clearest frame where none shows much."""
        if not self._taken and self._dull is not None:
            _, seconds, frame = self._dull
            return (Still(seconds, encode_still(frame, self._size)),)
        return tuple(self._taken[slot] for slot in sorted(self._taken))

    def _thin(self) -> None:
        """Double the step once there are too many."""
        if len(self._taken) <= self._max_stills:
            return
        self._step_seconds *= 2
        kept: dict[int, Still] = {}
        for slot in sorted(self._taken):
            kept.setdefault(slot // 2, self._taken[slot])
        self._taken = kept


def choose_step(duration_seconds: float | None, max_stills: int = MAX_STILLS) -> float:
    """Seconds from one still to the next, by the duration in the header."""
    return max(MIN_STEP_SECONDS, (duration_seconds or 0.0) / max_stills)


def choose_size(picture: PictureStream) -> tuple[int, int]:
    """Width and height of a still: the picture's own shape as it is shown."""
    wide, high = picture.width * picture.pixel_aspect, float(picture.height)
    scale = LONGEST_SIDE / max(wide, high)
    return max(SHORTEST_SIDE, round(wide * scale)), max(SHORTEST_SIDE, round(high * scale))


def measure_spread(frame: Frame) -> float:
    """How much a (height, width, 3) frame shows; from 1 on it is enough.

    The measure is the mean distance of brightness from its median: a small bright spot on black
    raises a standard deviation as much as a whole dark picture does.
    """
    brightness = frame[::4, ::4].mean(axis=2, dtype=np.float32)
    lines = (np.abs(brightness - brightness.mean(axis, keepdims=True)).mean() for axis in (0, 1))
    whole = np.abs(brightness - np.median(brightness)).mean()
    return float(min(whole / MIN_SPREAD, min(lines) / MIN_LINE_SPREAD))


def encode_still(frame: Frame, size: tuple[int, int]) -> bytes:
    """A frame as a WebP of that width and height (RFC 9649)."""
    from PIL import Image

    written = io.BytesIO()
    scaled = Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR)
    scaled.save(written, "WEBP", quality=QUALITY, method=METHOD)
    return written.getvalue()


def is_still(image: bytes) -> bool:
    """Whether bytes that a library gives are one small WebP picture and nothing else."""
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
    """Take the stills of a file, of its key frames alone where there are enough.

    Raises:
        MediaError: it cannot be read or decoded.
        ToolMissingError: there is no ffmpeg.
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


def _take_stills(
    path: Path, probe: Probe, picture: PictureStream, decoded: Decoded
) -> tuple[Still, ...]:
    taker = StillTaker(picture, probe.duration_seconds)
    options = DecodeOptions(wants_sound=False, decoded=decoded, n_threads=1)
    with decode(path, probe, options) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch):
                taker.take(piece)
    return taker.finish()
