"""Reads frames of the songs of a library, and divides them into parts."""

import hashlib
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.frames import DecodeOptions, decode
from mvsearch.indexer.media.decoding.sampling import choose_frame_rate
from mvsearch.indexer.media.decoding.streams import DecodeStoppedError
from mvsearch.indexer.media.decoding.types import FrameBatch
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.run_folder import explaining
from mvsearch.indexer.training.songs.options import SongOptions
from mvsearch.store.errors import CancelledError, MediaError, TrainingError

Frames = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]

# Fewer frames of a song cannot be divided: one to train, one to validate, one at the end.
LEAST_FRAMES = 3
STAGE = "frames"


@dataclass(frozen=True, slots=True, eq=False)
class SongFrames:
    """Frames of songs, in the order of songs and times.

    Attributes:
        frames: (n, height, width, 3) uint8 RGB, in a file without a name, not in memory.
        songs: (n,) the number of the song of each frame.
        seconds: (n,) the time of each frame.
        video_ids: of the songs.
        fingerprint: of all of that.
    """

    frames: Frames
    songs: Numbers
    seconds: npt.NDArray[np.float64]
    video_ids: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The numbers of the frames of each part.

    Attributes:
        training: what is trained on.
        validation: drawn at random from the same times: neighbours of what is trained on.
        last: the ends of the songs, which nothing is chosen by either.
    """

    training: Numbers
    validation: Numbers
    last: Numbers


def read_song_frames(
    songs: Mapping[str, Path],
    size: tuple[int, int],
    options: SongOptions,
    folder: Path,
    progress: Progress,
    stop: threading.Event,
) -> SongFrames:
    """Decode frames of songs, evenly over each; frames of one colour are left out.

    Songs that cannot be read or have too few frames are left out with a note.

    Args:
        songs: the file of each by its id.
        size: width and height of the frames in pixels.
        options: how many.
        folder: where the frames are kept; they vanish with the process.
        progress: told of each song.
        stop: when set, the reading ends.

    Raises:
        TrainingError: fewer than two songs are left, or the disk is full.
        CancelledError: `stop` was set.
    """
    width, height = size
    progress.begin(STAGE, len(songs), "songs")
    labels: list[int] = []
    seconds: list[npt.NDArray[np.float64]] = []
    kept: list[str] = []
    digest = hashlib.blake2b(digest_size=16)
    with explaining(folder), tempfile.TemporaryFile(dir=folder) as file:
        for video_id, path in sorted(songs.items()):
            frames, times = _read_or_skip(path, size, options, progress, stop)
            progress.advance(STAGE)
            if len(times) < LEAST_FRAMES:
                continue
            file.write(frames.tobytes())
            for content in (video_id.encode(), times.tobytes(), frames.tobytes()):
                digest.update(content)
            labels += [len(kept)] * len(times)
            seconds.append(times)
            kept.append(video_id)
        _check_songs(len(kept), len(songs))
        file.flush()
        # It outlives the file, which has no name, and goes with the process.
        every = np.memmap(file, np.uint8, "r", shape=(len(labels), height, width, 3))
    numbers, ids = np.array(labels, np.int64), tuple(kept)
    return SongFrames(every, numbers, np.concatenate(seconds), ids, digest.hexdigest())


def _check_songs(n_kept: int, n_songs: int) -> None:
    if n_kept < 2:
        raise TrainingError(
            f"{n_kept} of {n_songs} songs have {LEAST_FRAMES} different frames and more: a"
            " classifier of songs needs at least two such songs; index more videos with pictures"
        )


def _read_or_skip(
    path: Path,
    size: tuple[int, int],
    options: SongOptions,
    progress: Progress,
    stop: threading.Event,
) -> tuple[Frames, npt.NDArray[np.float64]]:
    """The frames of one song; none, with a note, if it cannot be read."""
    try:
        frames, times = _read_frames(path, size, options.frames_a_song, stop)
        if len(times) < LEAST_FRAMES:
            progress.note(f"{path.name} has {len(times)} frames to train on: left out")
    except MediaError as error:
        progress.note(f"{path.name} is left out: {error}")
        return np.zeros((0, size[1], size[0], 3), np.uint8), np.zeros(0)
    except DecodeStoppedError:
        raise CancelledError("stopped while frames were read; nothing was trained yet") from None
    return frames, times


def _read_frames(
    path: Path, size: tuple[int, int], n_frames: int, stop: threading.Event
) -> tuple[Frames, npt.NDArray[np.float64]]:
    """At most `n_frames` frames of a file, evenly spread, with their times."""
    probe = probe_file(path)
    duration = probe.duration_seconds or 0.0
    rate = choose_frame_rate(duration)
    if duration * rate > n_frames:
        rate = n_frames / duration
    wanted = DecodeOptions(frame_size=size, wants_sound=False, frame_rate=rate)
    parts: list[Frames] = [np.zeros((0, size[1], size[0], 3), np.uint8)]
    times = [np.zeros(0)]
    n_kept = 0
    with decode(path, probe, wanted, stop) as decoding:
        for piece in decoding:
            # The duration of a header may be far too short.
            if isinstance(piece, FrameBatch) and n_kept < 2 * n_frames:
                parts.append(piece.frames[~piece.is_uniform])
                times.append(piece.start_seconds[~piece.is_uniform])
                n_kept += len(times[-1])
    frames, starts = np.concatenate(parts), np.concatenate(times)
    if len(starts) > n_frames:
        chosen = np.linspace(0, len(starts) - 1, n_frames).round().astype(np.int64)
        frames, starts = frames[chosen], starts[chosen]
    return frames, starts


def split_frames(found: SongFrames, options: SongOptions, seed: int) -> Split:
    """Divide the frames of each song: its end by time, and of the rest a part drawn at random.

    Every song has at least one frame in each part.
    """
    generator = np.random.default_rng([seed, 1])
    parts: tuple[list[Numbers], list[Numbers], list[Numbers]] = ([], [], [])
    for song in range(len(found.video_ids)):
        numbers = np.flatnonzero(found.songs == song)
        n_last = _count_share(len(numbers), options.last_share)
        earlier, last = numbers[: len(numbers) - n_last], numbers[len(numbers) - n_last :]
        drawn = generator.permutation(earlier)
        n_validated = min(_count_share(len(numbers), options.validation_share), len(earlier) - 1)
        for part, chosen in zip(
            parts, (drawn[n_validated:], drawn[:n_validated], last), strict=True
        ):
            part.append(np.sort(chosen))
    return Split(*(np.concatenate(part) for part in parts))


def _count_share(n: int, share: float) -> int:
    """A share of n, at least 1."""
    return max(1, round(n * share))


def list_names(video_ids: Sequence[str]) -> list[str]:
    """The first letters of ids, for the configuration."""
    return [video_id[:12] for video_id in video_ids]
