"""Collapses duplicates in a ranking, and limits results per artist."""

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mvsearch.indexer.encoders.operating_points import NOT_CALIBRATED
from mvsearch.search.versions.compare import Comparison
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Modality, Video
from mvsearch.store.unicode import fold_name
from mvsearch.store.vectors.index import VectorIndex

IsCopy = Callable[[Video, Video], bool]

# Copies have about the same duration; only such videos are compared.
MAX_LONGER_SECONDS = 5.0
MAX_LONGER_SHARE = 0.06
# Pairs of ids, about 20 MB.
MAX_KNOWN = 100_000


@dataclass(frozen=True, slots=True)
class RankedVideo:
    """A video of the collapsed ranking.

    Attributes:
        position: in the ranking.
        copies: its other files, and near-duplicates further down in the ranking.
    """

    position: int
    video: Video
    copies: tuple[Video, ...] = ()


def collapse_ranking(
    ranking: Iterable[Video],
    top: int,
    is_copy: IsCopy | None = None,
    per_artist: int | None = None,
) -> list[RankedVideo]:
    """Collapse near-duplicates in a ranking, and limit the number per artist.

    Args:
        ranking: best first; consumed only as far as needed.
        top: maximum number of videos.
        is_copy: whether two videos are near-duplicates, which are listed under the better one; None
            keeps each.
        per_artist: maximum number per artist; videos without an artist are not limited.
    """
    kept: list[tuple[int, Video, list[Video]]] = []
    of_artist: dict[str, int] = {}
    for position, video in enumerate(ranking):
        if is_copy is not None:
            same = next((copies for _, best, copies in kept if is_copy(best, video)), None)
            if same is not None:
                same.append(video)
                continue
        artist = fold_name(video.artist or "")
        if per_artist is not None and artist:
            of_artist[artist] = of_artist.get(artist, 0) + 1
            if of_artist[artist] > per_artist:
                continue
        kept.append((position, video, []))
        if len(kept) == top:
            break
    if is_copy is None:
        return [RankedVideo(position, video) for position, video, _ in kept]
    return [RankedVideo(at, video, _gather_copies(video, near)) for at, video, near in kept]


def _gather_copies(video: Video, near: Sequence[Video]) -> tuple[Video, ...]:
    """The near-duplicates of a video, and all other files of these videos."""
    copies: list[Video] = []
    for one in (video, *near):
        copies += [one] if one is not video else []
        copies += (replace(one, path=path, other_paths=()) for path in one.other_paths)
    return tuple(copies)


class KnownCopies:
    """Remembers which pairs of videos are copies, until an index changes; for several threads."""

    def __init__(self) -> None:
        self._indexes: tuple[weakref.ref[VectorIndex], ...] = ()
        self._known: dict[tuple[str, str], bool] = {}

    def find(self, indexes: Iterable[VectorIndex]) -> dict[tuple[str, str], bool]:
        """What is known of the videos of these indexes; new pairs are added to it."""
        asked = tuple(weakref.ref(index) for index in indexes)
        if asked != self._indexes or len(self._known) > MAX_KNOWN:
            self._indexes, self._known = asked, {}
        return self._known


def open_copy_test(
    indexes: Mapping[Modality, VectorIndex], known: KnownCopies | None = None
) -> "CopyTest":
    """Open a test for near-duplicates among the videos of a library's indexes.

    Args:
        indexes: of the library.
        known: pairs that earlier tests compared; None for none.

    Raises:
        QueryError: an encoder of pictures or sound is not calibrated.
    """
    comparison = Comparison(indexes)
    unknown = [name for m, name in comparison.find_uncalibrated().items() if m != "lyrics"]
    if unknown:
        raise QueryError(
            f"near-duplicates cannot be detected to collapse results: {', '.join(unknown)} is"
            f" {NOT_CALIBRATED}"
        )
    return CopyTest(comparison, None if known is None else known.find(indexes.values()))


class CopyTest:
    """Tests whether two videos are near-duplicates; compares each pair once."""

    def __init__(
        self, comparison: Comparison, known: dict[tuple[str, str], bool] | None = None
    ) -> None:
        self._comparison = comparison
        self._known: dict[tuple[str, str], bool] = {} if known is None else known

    def __call__(self, first: Video, second: Video) -> bool:
        """Whether they are copies of each other, by the rule of `mvsearch versions`."""
        if not _is_as_long(first, second):
            return False
        low, high = sorted((first, second), key=lambda video: video.id)
        key = (low.id, high.id)
        if key not in self._known:
            self._known[key] = self._compare(low, high)
        return self._known[key]

    def _compare(self, first: Video, second: Video) -> bool:
        relation = self._comparison.relate(first, second)
        return relation is not None and relation.is_copy


def _is_as_long(first: Video, second: Video) -> bool:
    durations = (first.duration_seconds, second.duration_seconds)
    return abs(durations[0] - durations[1]) <= MAX_LONGER_SECONDS + MAX_LONGER_SHARE * max(
        durations
    )
