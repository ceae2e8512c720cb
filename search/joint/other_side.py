"""Ranks the videos by how near their other side is to one side of a query, in any joint space."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mvsearch.search.joint.places import Places
from mvsearch.search.mood.chance import Chance, fit_chance
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import open_copy_indexes
from mvsearch.search.ranking import FindMoments, make_ranker
from mvsearch.search.results import Result
from mvsearch.search.scoring.calibration import WeakMarks
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from mvsearch.store.records import SIDE_OF, Matrix, Modality, Side

MODALITIES: dict[Side, Modality] = {side: modality for modality, side in SIDE_OF.items()}
OTHER: dict[Side, Side] = {"picture": "sound", "sound": "picture"}
# Videos of the asking side whose pairs are compared, and the weight of what is expected in pairs.
MAX_PROBES, PRIOR_PAIRS = 64, 100


@dataclass(frozen=True, slots=True, eq=False)
class AskedSide:
    """One side of a query in a joint space.

    Attributes:
        place: (k,) float32.
        compare: gives the (n, m) similarities of (n, k) pictures and (m, k) sounds.
        video_id: of a query that is a video of the library.
    """

    side: Side
    place: Matrix
    compare: Callable[[Matrix, Matrix], Matrix]
    video_id: str | None = None

    def measure(self, found: Matrix) -> FloatArray:
        """The similarities (n,) with n places of the other side."""
        similarities: FloatArray = self.measure_pairs(self.place[None], found)[0]
        return similarities

    def measure_pairs(self, asking: Matrix, found: Matrix) -> FloatArray:
        """The similarities (m, n) of m places of this side with n of the other."""
        if self.side == "picture":
            return self.compare(asking, found).astype(np.float64)
        return self.compare(found, asking).T.astype(np.float64)


def measure_chance(asked: AskedSide, asking: Places, found: Places, prior: Chance) -> Chance:
    """How similar unrelated videos are: the asking side of some, the other side of all.

    Args:
        asked: says which side asks, and in which space.
        asking: the places of this side.
        found: those of the other.
        prior: what is expected of a library with few videos.
    """
    if not asking.video_ids:
        return prior
    step = -(-len(asking.video_ids) // MAX_PROBES)
    similarities = asked.measure_pairs(asking.vectors[::step], found.vectors)
    own = np.array(asking.video_ids[::step])[:, None] == np.array(found.video_ids)
    return fit_chance(similarities[~own], prior, PRIOR_PAIRS)


def rank_other_side(
    library: Library,
    asked: AskedSide,
    found: Places,
    chance: Chance,
    find_moments: FindMoments,
    options: SearchOptions,
    filter: Filter,
) -> list[Result]:
    """The videos whose other side is nearest, best first; the query itself is none of them.

    Args:
        library: of the videos.
        asked: one side of a query.
        found: the places of the other side.
        chance: how similar unrelated videos are.
        find_moments: called with each video that becomes a result.
        options: how many results there are, and whether near-duplicates are collapsed.
        filter: selects the videos.
    """
    passing = library.catalog.passing(filter) if filter else set(found.video_ids)
    chosen = [
        at for at, one in enumerate(found.video_ids) if one in passing and one != asked.video_id
    ]
    similarities = asked.measure(found.vectors[chosen])
    modality = MODALITIES[OTHER[asked.side]]
    measured = {modality: similarities}, {modality: chance.compute_surprisal(similarities)}
    indexes = open_copy_indexes(library) if options.has_collapse else {}
    ranker = make_ranker(library, options, {modality: 1.0}, WeakMarks(0, {}), indexes)
    return ranker.rank([found.video_ids[at] for at in chosen], measured, find_moments)
