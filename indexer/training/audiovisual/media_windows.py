"""Reads windows of frames and of log-mel spectra from the files of a library's videos."""

import hashlib
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.audiovisual.windows import VideoWindows
from mvsearch.indexer.encoders.audio.log_mel import (
    HOP_SAMPLES,
    N_BANDS,
    SAMPLE_RATE,
    compute_log_mel,
)
from mvsearch.indexer.media.decoding.frames import DecodeOptions, decode
from mvsearch.indexer.media.decoding.streams import DecodeStoppedError
from mvsearch.indexer.media.decoding.types import FrameBatch
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.audiovisual.full_options import FullOptions
from mvsearch.indexer.training.run_folder import explaining
from mvsearch.store.errors import CancelledError, MediaError
from mvsearch.store.records import Matrix

STAGE = "windows"
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """Windows of a long array, which are copied only when they are taken.

    Attributes:
        rows: (m, ...) of one video, in a file.
        firsts: (n,) the first row of each window.
        length: rows of a window.
    """

    rows: npt.NDArray[Any]
    firsts: Places
    length: int

    def __len__(self) -> int:
        """The number of windows."""
        return len(self.firsts)

    def __getitem__(self, chosen: Places) -> npt.NDArray[Any]:
        """Copy windows (k, length, ...)."""
        firsts = self.firsts[chosen]
        return np.stack([self.rows[first : first + self.length] for first in firsts])


@dataclass(frozen=True, slots=True, eq=False)
class MediaWindows:
    """The windows of all videos that have any.

    Attributes:
        fingerprint: of frames, sound and options.
        n_skipped: videos without picture or sound, or that cannot be read.
    """

    videos: tuple[VideoWindows, ...]
    fingerprint: str
    n_skipped: int


def read_media_windows(
    paths: Mapping[str, Path],
    sources: Mapping[str, str],
    options: FullOptions,
    folder: Path,
    progress: Progress,
    stop: threading.Event,
) -> MediaWindows:
    """Decode each file once; what cannot be read is left out with a note.

    Args:
        paths: of the videos with picture and sound, by id.
        sources: of videos that share one.
        options: of the windows.
        folder: where frames and spectra are kept; they vanish with the process.
        progress: told of each video.
        stop: when set, the reading ends.

    Raises:
        TrainingError: the disk is full.
        CancelledError: `stop` was set.
    """
    progress.begin(STAGE, len(paths), "videos")
    digest = hashlib.blake2b(repr(options).encode(), digest_size=16)
    videos = []
    with explaining(folder):
        for video_id, path in sorted(paths.items()):
            made = _read_or_skip(path, options, folder, progress, stop)
            progress.advance(STAGE)
            if made is None:
                continue
            frames, spectra = made
            for part in (video_id.encode(), frames.rows.tobytes(), spectra.rows.tobytes()):
                digest.update(part)
            starts = (frames.firsts / options.frames_per_second).astype(np.float32)
            # They are taken as the arrays of vectors are.
            sides = cast(Matrix, frames), cast(Matrix, spectra)
            videos.append(VideoWindows(video_id, sources.get(video_id, video_id), starts, *sides))
    return MediaWindows(tuple(videos), digest.hexdigest(), len(paths) - len(videos))


def _read_or_skip(
    path: Path, options: FullOptions, folder: Path, progress: Progress, stop: threading.Event
) -> tuple[Slices, Slices] | None:
    try:
        frames, times, samples = _decode(path, options, stop)
    except MediaError as error:
        progress.note(f"{path.name} is left out: {error}")
        return None
    except DecodeStoppedError:
        raise CancelledError("stopped while videos were read; nothing was trained yet") from None
    spectra = _compute_spectra(samples)
    n_spectra = round(options.window_seconds * SAMPLE_RATE / HOP_SAMPLES)
    firsts = find_windows(times, len(spectra), n_spectra, options)
    if not len(firsts):
        progress.note(f"{path.name} has no window of picture and sound: left out")
        return None
    places = np.round(times[firsts] * SAMPLE_RATE / HOP_SAMPLES).astype(np.int64)
    return (
        Slices(_keep(frames, folder), firsts, options.n_frames),
        Slices(_keep(spectra, folder), places, n_spectra),
    )


def find_windows(
    times: npt.NDArray[np.float64], n_spectra: int, n_needed: int, options: FullOptions
) -> Places:
    """The first frame of each window whose frames and sound are all there.

    Args:
        times: (m,) of the frames.
        n_spectra: of the sound.
        n_needed: spectra of a window.
        options: of the windows.
    """
    found = []
    step = max(1, round(options.step_seconds * options.frames_per_second))
    for first in range(0, len(times) - options.n_frames + 1, step):
        lasts = times[first + options.n_frames - 1] - times[first]
        has_gap = lasts > options.window_seconds * 1.1
        place = round(times[first] * SAMPLE_RATE / HOP_SAMPLES)
        if not has_gap and place + n_needed <= n_spectra:
            found.append(first)
    return np.array(found, np.int64)


def _decode(
    path: Path, options: FullOptions, stop: threading.Event
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64], Matrix]:
    """The frames, their times, and the sound of the beginning of a file."""
    probe = probe_file(path)
    size = (options.frame_size, options.frame_size)
    wanted = DecodeOptions(
        frame_size=size,
        sample_rate=SAMPLE_RATE,
        frame_rate=options.frames_per_second,
        end_seconds=options.longest_seconds,
    )
    frames = [np.zeros((0, *size, 3), np.uint8)]
    times = [np.zeros(0)]
    samples: Matrix = np.zeros(round(options.longest_seconds * SAMPLE_RATE), np.float32)
    n_samples = 0
    with decode(path, probe, wanted, stop) as decoding:
        for piece in decoding:
            if isinstance(piece, FrameBatch):
                frames.append(piece.frames)
                times.append(piece.start_seconds)
                continue
            first = max(0, round(piece.start_seconds * SAMPLE_RATE))
            part = piece.samples[: max(0, len(samples) - first)]
            samples[first : first + len(part)] = part
            n_samples = max(n_samples, first + len(part))
    return np.concatenate(frames), np.concatenate(times), samples[:n_samples]


def _compute_spectra(samples: Matrix) -> Matrix:
    """Log-mel spectra (n, 64), by minutes, so that memory stays bounded."""
    n_block, n_window = 60 * SAMPLE_RATE, 400
    parts = [np.zeros((0, N_BANDS), np.float32)]
    for first in range(0, len(samples), n_block):
        block = np.nan_to_num(samples[first : first + n_block + n_window - HOP_SAMPLES])
        if len(block) >= n_window:
            parts.append(compute_log_mel(block[None])[0])
    return np.concatenate(parts)


def _keep(rows: npt.NDArray[Any], folder: Path) -> npt.NDArray[Any]:
    """The same rows, in a file without a name that goes with the process."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(rows.tobytes())
        file.flush()
        return np.memmap(file, rows.dtype, "r", shape=rows.shape)
