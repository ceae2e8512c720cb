"""Writes frames and samples to lossless files."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.programs import compile_graph, find_reason, open_raw, run_program
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

WRITE_TIMEOUT_SECONDS = 120.0


def write_frames(
    path: Path, frames: npt.NDArray[np.uint8], frame_rate: float, *, is_small: bool = False
) -> None:
    """Write (n, height, width, 3) uint8 RGB frames as a QuickTime video, without loss.

    Args:
        path: of the file.
        frames: in the order of time.
        frame_rate: frames per second.
        is_small: whether they are compressed (FFV1), which takes longer.

    Raises:
        MediaError: the file cannot be written.
        ToolMissingError: ffmpeg is not installed.
    """
    size = f"{frames.shape[2]}x{frames.shape[1]}"
    source = open_raw(f="rawvideo", pix_fmt="rgb24", s=size, r=frame_rate)
    # RGB as it is: conversion to YUV would lose.
    codec = {"vcodec": "ffv1", "pix_fmt": "bgr0"} if is_small else {"vcodec": "rawvideo"}
    _write(source, path, frames.tobytes(), format="mov", **codec)


def write_samples(path: Path, samples: Matrix, sample_rate: int) -> None:
    """Write (n,) float32 mono samples in [-1, 1] as an uncompressed WAV file.

    Args:
        path: of the file.
        samples: in the order of time.
        sample_rate: in hertz.

    Raises:
        MediaError: the file cannot be written.
        ToolMissingError: ffmpeg is not installed.
    """
    source = open_raw(f="f32le", ar=sample_rate, ac=1)
    _write(
        source, path, samples.astype("<f4", copy=False).tobytes(), format="wav", acodec="pcm_f32le"
    )


def make_wave(samples: Matrix, sample_rate: int, tags: Mapping[str, str]) -> bytes:
    """Make a WAV file of 16 bits of (n, channels) float32 samples in [-1, 1].

    Args:
        samples: in the order of time.
        sample_rate: in hertz.
        tags: such as "title" and "comment". Without the version of ffmpeg, so that the same input
            gives the same bytes.

    Raises:
        MediaError: the file cannot be written.
        ToolMissingError: ffmpeg is not installed.
    """
    whole = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2")
    source = open_raw(f="s16le", ar=sample_rate, ac=samples.shape[1])
    named = {f"metadata:g:{at}": f"{tag}={text}" for at, (tag, text) in enumerate(tags.items())}
    settings = {"format": "wav", "acodec": "pcm_s16le", "fflags": "+bitexact"}
    # Not to a pipe: the sizes in the header are written at the end.
    with TemporaryDirectory(prefix="mvsearch-") as folder:
        path = Path(folder, "music.wav")
        _write(source, path, whole.tobytes(), **settings, **named)
        return path.read_bytes()


def _write(source: Any, path: Path, data: bytes, **settings: Any) -> None:
    target = Path(f"file:{path.absolute()}")
    output = source.output(filename=target, **settings)
    done = run_program(compile_graph(output), WRITE_TIMEOUT_SECONDS, data)
    if done.returncode != 0:
        reason = find_reason(done.stderr.decode(errors="replace"))
        raise reason or MediaError("decode_failed", "it cannot be written for the decoder")
