"""Pairs the windows of a video's sound with the pictures that are seen in them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Matrix, Space

# All windows of a library are held in memory: 100,000 of the embedded profile take 670 MB.
MAX_WINDOWS = 100_000
MOST_A_VIDEO, LEAST_A_VIDEO = 256, 8


@dataclass(frozen=True, slots=True, eq=False)
class VideoWindows:
    """The windows of one video that have picture and sound.

    Attributes:
        video_id: of the video.
        source: videos of the same source, such as two encodings of one film, are never on both
            sides of a split, and never negatives of each other.
        starts_seconds: (n,) ascending.
        pictures: (n, picture dim) float32, the mean of the frame vectors of each window.
        sounds: (n, sound dim) float32.
    """

    video_id: str
    source: str
    starts_seconds: Matrix
    pictures: Matrix
    sounds: Matrix

    def __post_init__(self) -> None:
        """Check that all windows have both sides, and finite ones."""
        n = len(self.starts_seconds)
        if not n or len(self.pictures) != n or len(self.sounds) != n:
            raise TrainingError(f"{self.video_id} has no windows of picture and sound")
        vectors = [side for side in (self.pictures, self.sounds) if isinstance(side, np.ndarray)]
        if not all(np.isfinite(side).all() for side in vectors):
            raise TrainingError(
                f"the vectors of {self.video_id} are not finite: run `mvsearch check`, and index"
                " the file again"
            )


def pair_windows(
    video_id: str, source: str, frames: Embeddings, sound: Embeddings, most: int = MOST_A_VIDEO
) -> VideoWindows | None:
    """Pair each window of sound with the mean of the frame vectors in it.

    Args:
        video_id: see `VideoWindows`.
        source: see `VideoWindows`.
        frames: of the video, with times.
        sound: of the same video.
        most: of more windows, so many at regular places are taken.

    Returns:
        None where no window has a frame.
    """
    times = np.array([segment.start_seconds for segment in frames.segments], np.float64)
    pictures, kept = [], []
    spans = np.array([[s.start_seconds, s.end_seconds] for s in sound.segments], np.float64)
    for row in _spread(len(spans), most):
        is_inside = (times >= spans[row, 0]) & (times < spans[row, 1])
        if is_inside.any():
            pictures.append(frames.vectors[is_inside].mean(axis=0))
            kept.append(row)
    if not kept:
        return None
    starts: Matrix = spans[kept, 0].astype(np.float32)
    return VideoWindows(video_id, source, starts, np.stack(pictures), sound.vectors[kept])


def _spread(n: int, most: int) -> list[int]:
    """At most so many of n places, at regular distances, the first among them."""
    return sorted({place * n // min(n, most) for place in range(min(n, most))})


def read_windows(
    library: Library, pictures: Space, sounds: Space, sources: Mapping[str, str]
) -> tuple[list[VideoWindows], int]:
    """Read the windows of all videos of a library, sorted by id.

    Args:
        library: to read, in one state.
        pictures: its space of frames.
        sounds: its space of sound.
        sources: of videos that share one, by id; others are their own.

    Returns:
        The windows, and the number of videos without picture or sound.
    """
    catalog = library.catalog
    n_videos = catalog.n_videos()
    most = max(LEAST_A_VIDEO, min(MOST_A_VIDEO, MAX_WINDOWS // max(1, n_videos)))
    found = []
    with library.holding():
        for video_id, frames, sound in _read_both(library, pictures, sounds):
            windows = pair_windows(video_id, sources.get(video_id, video_id), frames, sound, most)
            found += [] if windows is None else [windows]
    return found, n_videos - len(found)


def _read_both(
    library: Library, pictures: Space, sounds: Space
) -> Iterator[tuple[str, Embeddings, Embeddings]]:
    """The videos that have vectors in both spaces."""
    for video_id, frames in library.catalog.iter_embeddings(pictures.key):
        sound = library.catalog.embeddings(video_id, sounds.key)
        if sound is not None and len(sound.segments) and len(frames.segments):
            yield video_id, frames, sound


def weigh_windows(videos: Iterable[VideoWindows]) -> Matrix:
    """The weight of each window, so that each source weighs the same; they add up to one."""
    videos = list(videos)
    n_of_source: dict[str, int] = {}
    for video in videos:
        n_of_source[video.source] = n_of_source.get(video.source, 0) + len(video.starts_seconds)
    shares = [np.full(len(v.starts_seconds), 1.0 / n_of_source[v.source]) for v in videos]
    weights: Matrix = (np.concatenate(shares) / len(n_of_source)).astype(np.float32)
    return weights


def mark_windows(videos: Iterable[VideoWindows]) -> str:
    """A fingerprint of all windows: other data, another one."""
    digest = hashlib.sha256()
    for video in videos:
        digest.update(f"{video.video_id}\0{video.source}\0{len(video.starts_seconds)}".encode())
        for part in (video.starts_seconds, video.pictures, video.sounds):
            digest.update(np.ascontiguousarray(part, np.float32).tobytes())
    return digest.hexdigest()
