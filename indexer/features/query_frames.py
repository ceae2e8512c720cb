"""Reads the frames of a query at any size, to look at parts of the picture."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.frames import DecodeOptions, FrameBatch, decode, read_image
from mvsearch.indexer.media.decoding.sampling import choose_frame_rate
from mvsearch.indexer.media.probe import probe_file

# Frames of twice the encoder's size take 0.6 MB each.
MAX_FRAMES = 64


def read_image_frame(
    path: Path, size: tuple[int, int]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Read a picture as one frame (1, height, width, 3) without a time (NaN).

    Raises:
        MediaError: it cannot be read.
    """
    return read_image(path, size)[np.newaxis], np.full(1, np.nan)


def read_clip_frames(
    path: Path,
    size: tuple[int, int],
    start_seconds: float | None,
    end_seconds: float | None,
    duration_seconds: float,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Read the frames of a clip that are not of one colour, at most about MAX_FRAMES.

    Args:
        path: of the clip.
        size: width and height of the frames.
        start_seconds: start of the section; None for that of the file.
        end_seconds: likewise.
        duration_seconds: of the section.

    Returns:
        (n, height, width, 3) RGB, and the (n,) times of the file.

    Raises:
        MediaError: it cannot be decoded.
    """
    rate = min(choose_frame_rate(duration_seconds), MAX_FRAMES / max(duration_seconds, 1.0))
    options = DecodeOptions(
        wants_sound=False,
        frame_size=size,
        frame_rate=rate,
        start_seconds=start_seconds or 0.0,
        end_seconds=end_seconds,
    )
    frames, times = [np.zeros((0, size[1], size[0], 3), np.uint8)], [np.zeros(0)]
    with decode(path, probe_file(path), options) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch):
                frames.append(piece.frames[~piece.is_uniform])
                times.append(piece.start_seconds[~piece.is_uniform])
    return np.concatenate(frames)[: 2 * MAX_FRAMES], np.concatenate(times)[: 2 * MAX_FRAMES]
