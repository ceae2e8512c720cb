"""Splits videos into parts by their source, so that no part has seen a source of another."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.indexer.audiovisual.windows import VideoWindows
from mvsearch.indexer.training.audiovisual.sampling import group_by_source
from mvsearch.store.errors import TrainingError

# With fewer, a part would have no other video to tell one from.
FEWEST_SOURCES, FEWEST_IN_PART = 6, 2


@dataclass(frozen=True, slots=True)
class Split:
    """The videos of each part.

    Attributes:
        trained: the weights are made of them.
        validated: the best epoch is chosen by them.
        tested: nothing is chosen by them.
    """

    trained: tuple[VideoWindows, ...]
    validated: tuple[VideoWindows, ...]
    tested: tuple[VideoWindows, ...]


def split_videos(
    videos: Sequence[VideoWindows], validated_share: float, tested_share: float, seed: int
) -> Split:
    """Draw the sources of the validation and the test part; two of each at least.

    Args:
        videos: to divide.
        validated_share: of the sources; 0 leaves the part empty.
        tested_share: of the sources; 0 leaves the part empty.
        seed: of the draw.

    Raises:
        TrainingError: there are too few sources.
    """
    of_source = group_by_source(videos)
    if len(of_source) < FEWEST_SOURCES:
        raise TrainingError(
            f"{len(of_source)} different videos have picture and sound: at least"
            f" {FEWEST_SOURCES} are needed, two of them to validate and two to test"
        )
    order = list(np.random.default_rng(seed).permutation(list(of_source)))
    n_tested = _count_part(len(order), tested_share)
    n_validated = _count_part(len(order), validated_share)
    if len(order) - n_tested - n_validated < FEWEST_IN_PART:
        raise TrainingError("too few videos are left to train on: take smaller shares")
    ends = n_tested, n_tested + n_validated

    def take(sources: Sequence[str]) -> tuple[VideoWindows, ...]:
        return tuple(video for source in sorted(sources) for video in of_source[source])

    return Split(take(order[ends[1] :]), take(order[ends[0] : ends[1]]), take(order[: ends[0]]))


def _count_part(n_sources: int, share: float) -> int:
    return max(FEWEST_IN_PART, round(n_sources * share)) if share else 0


def join_sources(groups: Mapping[str, Collection[str]]) -> dict[str, str]:
    """One source for all videos that are joined by groups, by the id of each video.

    Args:
        groups: ids of videos by the name of their group; a video may be in several.
    """
    source_of: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    for name in sorted(groups):
        joined = {source_of[one] for one in groups[name] if one in source_of}
        together = set(groups[name]).union(*(members.pop(source) for source in joined))
        members[name] = together
        source_of |= dict.fromkeys(together, name)
    return source_of


def fold_sources(sources: Sequence[str], n_folds: int, seed: int) -> list[list[str]]:
    """Divide sources into folds of nearly equal size at random; each is in one of them."""
    order = np.random.default_rng(seed).permutation(sorted(set(sources)))
    return [sorted(map(str, fold)) for fold in np.array_split(order, n_folds)]
