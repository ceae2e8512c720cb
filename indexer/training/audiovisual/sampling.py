"""Draws windows as contrastive audio-visual pre-training does.

Of each video of a batch a few windows are drawn that begin some time apart: the published training
code of Diff-Foley (Luo et al. 2023, arXiv 2306.17203) takes three of 4 s, at least 2 s apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.audiovisual.windows import VideoWindows
from mvsearch.store.records import Matrix

Rows = npt.NDArray[np.int64]
# Attempts to find a window far enough from those drawn before.
N_ATTEMPTS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Windows of several videos; equal numbers of `sources` mark those of one video.

    Attributes:
        pictures: (n, picture dim) float32.
        sounds: (n, sound dim) float32.
        sources: (n,).
    """

    pictures: Matrix
    sounds: Matrix
    sources: Rows


def draw_windows(
    starts_seconds: Matrix, n_wanted: int, apart_seconds: float, generator: np.random.Generator
) -> Rows:
    """Draw windows of a video that begin at least some time apart.

    A video that is too short for so many gives fewer.

    Args:
        starts_seconds: (n,) of the windows.
        n_wanted: at most so many, at least one.
        apart_seconds: between the beginnings of any two.
        generator: to draw from.

    Returns:
        Rows of `starts_seconds`, without repetition.
    """
    drawn = [int(generator.integers(len(starts_seconds)))]
    for _ in range(N_ATTEMPTS * (n_wanted - 1)):
        if len(drawn) >= n_wanted:
            break
        row = int(generator.integers(len(starts_seconds)))
        if np.abs(starts_seconds[drawn] - starts_seconds[row]).min() >= apart_seconds:
            drawn.append(row)
    return np.array(drawn, np.int64)


def draw_batch(
    videos: Sequence[VideoWindows],
    sources: Sequence[str],
    n_windows: int,
    apart_seconds: float,
    generator: np.random.Generator,
) -> Batch:
    """Draw windows of one video of each of these sources.

    Args:
        videos: to draw from.
        sources: each once.
        n_windows: of a video.
        apart_seconds: see `draw_windows`.
        generator: to draw from.
    """
    of_source = group_by_source(videos)
    pictures, sounds, numbers = [], [], []
    for number, source in enumerate(sources):
        own = of_source[source]
        video = own[int(generator.integers(len(own)))]
        rows = draw_windows(video.starts_seconds, n_windows, apart_seconds, generator)
        pictures.append(video.pictures[rows])
        sounds.append(video.sounds[rows])
        numbers += [number] * len(rows)
    return Batch(np.concatenate(pictures), np.concatenate(sounds), np.array(numbers, np.int64))


def group_by_source(videos: Sequence[VideoWindows]) -> dict[str, list[VideoWindows]]:
    """The videos of each source, sorted by source."""
    found: dict[str, list[VideoWindows]] = {}
    for video in videos:
        found.setdefault(video.source, []).append(video)
    return dict(sorted(found.items()))
