"""Pairs pictures of a library's videos with the codes of the sound of the same times."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.audio import SILENCE_RMS, read_sound
from mvsearch.indexer.media.decoding.types import DecodeOptions
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.mood import MoodHead
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.composition.options import CompositionOptions
from mvsearch.store.errors import CancelledError, MediaError, TrainingError
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix, Space, Video

STAGE = "songs"
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ComposePairs:
    """The pieces of all songs.

    Attributes:
        songs: the id of each piece's video.
        joints: (n, k) float32, its pictures in the joint space.
        codes: (n, codebooks, frames) of its sound.
        n_skipped: videos of which no piece could be taken.
    """

    songs: tuple[str, ...]
    joints: Matrix
    codes: Codes
    n_skipped: int

    def mark(self) -> str:
        """A fingerprint of all pieces: other data, another one."""
        digest = hashlib.sha256("\0".join(self.songs).encode())
        digest.update(np.ascontiguousarray(self.joints, np.float32).tobytes())
        digest.update(np.ascontiguousarray(self.codes, np.int64).tobytes())
        return digest.hexdigest()


def read_pairs(
    library: Library,
    head: MoodHead,
    spaces: tuple[Space, ...],
    codec: Any,
    options: CompositionOptions,
    progress: Progress,
    stop: threading.Event,
) -> ComposePairs:
    """Take pieces of all videos that have picture and sound.

    Args:
        library: of the videos, whose files are read where they lie.
        head: of pictures.
        spaces: of frames, among them those of the head's views.
        codec: with `sample_rate` and `encode`, see `FrozenMusicGen`.
        options: how many pieces, and how long.
        progress: told of songs.
        stop: when set, ends it.

    Raises:
        TrainingError: vectors are not finite.
        CancelledError: `stop` was set.
    """
    videos = [video for video in library.catalog.videos() if video.has_picture and video.has_sound]
    progress.begin(STAGE, len(videos), "songs")
    songs: list[str] = []
    joints: list[Matrix] = []
    codes: list[Codes] = []
    for video in videos:
        if stop.is_set():
            raise CancelledError("stopped before the first epoch")
        for joint, code in _take_pieces(library, video, head, spaces, codec, options):
            songs.append(video.id)
            joints.append(joint)
            codes.append(code)
        progress.advance(STAGE)
    n_skipped = len(videos) - len(set(songs))
    if not songs:
        return ComposePairs((), np.zeros((0, 0), np.float32), np.zeros((0, 0, 0), int), n_skipped)
    return ComposePairs(tuple(songs), np.stack(joints), np.stack(codes), n_skipped)


def _take_pieces(
    library: Library,
    video: Video,
    head: MoodHead,
    spaces: tuple[Space, ...],
    codec: Any,
    options: CompositionOptions,
) -> Iterator[tuple[Matrix, Codes]]:
    """The pieces of a video; none for a file that is gone, damaged or too short."""
    found = _read_frames(library, video.id, head, spaces)
    if found is None:
        return
    times, vectors = found
    try:
        probe = probe_file(video.path)
        for start in list_starts(video.duration_seconds, options):
            is_inside = (times >= start) & (times < start + options.seconds)
            if not is_inside.any():
                continue
            section = DecodeOptions(start_seconds=start, end_seconds=start + options.seconds)
            samples = read_sound(video.path, probe, codec.sample_rate, section)
            n_samples = round(options.seconds * codec.sample_rate)
            if len(samples) >= n_samples and _is_loud(samples[:n_samples]):
                yield head.project(vectors[is_inside]), codec.encode(samples[:n_samples])
    except (MediaError, OSError):
        return


def list_starts(duration_seconds: float, options: CompositionOptions) -> list[float]:
    """The starts of the pieces of a video, evenly spread; none if it is shorter than one."""
    n = min(options.pieces_a_song, int(duration_seconds // options.seconds))
    room = duration_seconds - n * options.seconds
    return [(at + 0.5) * room / n + at * options.seconds for at in range(n)]


def _read_frames(
    library: Library, video_id: str, head: MoodHead, spaces: tuple[Space, ...]
) -> tuple[Matrix, Matrix] | None:
    """The times and the joined vectors of the frames of a video.

    Raises:
        TrainingError: they are not finite.
    """
    views = {}
    for space in spaces:
        if space.view in head.views:
            views[space.view] = library.catalog.embeddings(video_id, space.key)
    parts = [views.get(view) for view in head.views]
    first = parts[0]
    if first is None or any(part is None or not len(part.vectors) for part in parts):
        return None
    vectors = head.join({name: part.vectors for name, part in views.items() if part is not None})
    if not np.isfinite(vectors).all():
        raise TrainingError(
            f"the vectors of {video_id} are not finite: run `mvsearch check`, and index the file"
            " again"
        )
    times = np.array([segment.start_seconds or 0.0 for segment in first.segments], np.float32)
    return times, vectors


def _is_loud(samples: Matrix) -> bool:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) >= SILENCE_RMS
