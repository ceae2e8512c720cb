"""Ranks videos that have what is asked for and not what is excluded.

The score is what speaks for a video less what speaks against it, both as surprisals: −log10 of the
share of unrelated videos that are as similar. Each counts up to one in a million, beyond which it
is extrapolated. A contrast, such as the look of X without its sound, subtracts the one from the
other in full, so that a copy has a score near zero. What is excluded elsewhere counts as far as it
is rare. Either way what is no more similar than unrelated videos are loses next to nothing:
"unlike" means unrelated, and not the opposite.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from mvsearch.search.localization.moments import find_moments
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.encode import EncodedPart
from mvsearch.search.query.language.printing import describe_part
from mvsearch.search.query.language.roles import CONTRASTS
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.words.languages import find_hidden
from mvsearch.search.ranking import FindMoments, Ranker
from mvsearch.search.results import Contribution, Moment, Result
from mvsearch.search.retrieval.retrieve import Candidates, IndexQuery
from mvsearch.search.retrieval.video_table import VideoTable
from mvsearch.search.scoring.calibration import WeakMarks
from mvsearch.search.scoring.calibrator import Calibrator
from mvsearch.search.scoring.exclusion import MAX_COUNTED, Excluded, weigh_excluded
from mvsearch.search.scoring.fusion import FloatArray, Measured, Similarities
from mvsearch.search.temporal.found import FoundPart
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Modality, Video
from mvsearch.store.vectors.index import VectorIndex

NAMES: Mapping[Modality, str] = {"frames": "pictures", "audio": "sound"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastRanker(Ranker):
    """Ranks by what speaks for a video less what speaks against it.

    Attributes:
        excluded: how much each video has of the negative parts.
        sides: the modalities of the negative sides of a contrast, with their measures.
        against: decide whether a video has what is excluded.
        query: with the parts.
        locate: finds where a video has most of a part.
    """

    excluded: tuple[Excluded, ...]
    sides: Measured
    against: WeakMarks
    query: Query
    locate: Callable[[Video, QueryPart], Moment | None]

    def rank(
        self,
        video_ids: Sequence[str],
        measured: Measured,
        find_moments: FindMoments,
        known: Mapping[str, Video] | None = None,
        of_lines: FloatArray | None = None,
    ) -> list[Result]:
        """Rank videos; see `Ranker.rank`. `measured` is of what speaks for them."""
        both = ({**measured[0], **self.sides[0]}, {**measured[1], **self.sides[1]})
        return Ranker.rank(self, video_ids, both, find_moments, known, of_lines)

    def _fuse(self, measured: Measured) -> tuple[FloatArray, Similarities, Similarities]:
        counted = {m: np.minimum(surprisals, MAX_COUNTED) for m, surprisals in measured[1].items()}
        scores, shares, points = Ranker._fuse(self, (measured[0], counted))
        lost = np.sum([one.points for one in self.excluded], axis=0)
        shares = {**shares, **{m: np.full(len(lost), -1.0) for m in self.sides[1]}}
        points = {**points, **{m: -counted[m] for m in self.sides[1]}}
        return scores + lost, shares, points

    def _find_sources(self, measured: Measured) -> dict[Modality, int]:
        return {}

    def _find_parts(self, at: int, video: Video) -> tuple[FoundPart, ...]:
        return tuple(self._explain(one, at, video) for one in self.excluded)

    def _explain(self, one: Excluded, at: int, video: Video) -> FoundPart:
        """How much a video has of one excluded part, by what it has most of."""
        part, best = self.query.parts[one.part], one.find_best(at)
        name, points = describe_part(part), float(one.points[at])
        if best is None:
            return FoundPart(one.part, name, None, None, None, None, 0.0, points, True, False)
        modality, surprisal = one.modalities[best], float(one.surprisals[best, at])
        similarity = float(one.similarities[best, at])
        is_found = self.against.is_found(modality, similarity, surprisal)
        moment = self.locate(video, part) if is_found else None
        start, end = (moment.start_seconds, moment.end_seconds) if moment else (None, None)
        return FoundPart(
            one.part, name, modality, start, end, similarity, surprisal, points,
            is_against=True, is_found=is_found, text=moment.text if moment else "",
        )  # fmt: skip

    def _is_weak(
        self,
        contributions: Mapping[Modality, Contribution],
        line: float | None,
        parts: Sequence[FoundPart],
    ) -> bool:
        """Whether it is no more like what is asked for than chance, or more like the excluded."""
        asked = {m: one for m, one in contributions.items() if one.weight > 0}
        return self.marks.is_weak(asked, line) or any(one.is_found for one in parts)


def settle_options(query: Query, options: SearchOptions) -> SearchOptions:
    """The options of a search; where something is excluded, scores are calibrated."""
    return replace(options, fusion="calibrated") if query.has_negative else options


def check_sides(query: Query, held: Sequence[Modality]) -> None:
    """Check that a library can compare each part that is compared by one modality alone.

    Raises:
        QueryError: it cannot.
    """
    wanted = dict.fromkeys(part.modality for part in query.parts if part.modality is not None)
    lacking = [NAMES.get(modality, modality) for modality in wanted if modality not in held]
    if lacking:
        raise QueryError(f"the library holds no {' and no '.join(lacking)} to compare by")


def list_indexes(
    placed: Sequence[tuple[EncodedPart, IndexQuery]],
) -> list[tuple[EncodedPart, VectorIndex]]:
    """Each part with its index."""
    return [(part, query.index) for part, query in placed]


def exclude(
    ranker: Ranker,
    query: Query,
    parts: Sequence[tuple[EncodedPart, IndexQuery]],
    found: Candidates,
    table: VideoTable,
    calibrator: Calibrator,
) -> ContrastRanker:
    """The ranker of a query with negative parts.

    Args:
        ranker: of what speaks for a video.
        query: with the parts.
        parts: the encoded negative parts, in the order of the last rows of the candidates.
        found: the videos, compared with all parts.
        table: of all videos.
        calibrator: of the library.
    """
    compared = list_indexes(parts)
    similarities = found.similarities[-len(compared) :]
    excluded: list[Excluded] = []
    sides: tuple[dict[Modality, FloatArray], dict[Modality, FloatArray]] = ({}, {})
    at = 0
    for _, group in groupby(compared, key=lambda pair: id(pair[0].part)):
        pairs = list(group)
        part = pairs[0][0].part
        hidden = find_hidden(ranker.library.catalog, [one for one, _ in pairs], table.video_ids)
        measure = calibrator.calibrate_parts(pairs, table.video_ids, hidden)
        measured = measure(similarities[at : at + len(pairs)], found.positions)
        is_side = part.role in CONTRASTS
        excluded.append(weigh_excluded(query.parts.index(part), measured, is_side=is_side))
        if is_side:
            sides[0].update(measured[0])
            sides[1].update(measured[1])
        at += len(pairs)
    marks = calibrator.find_marks(compared, ranker.marks.n_videos)
    weights = {m: w for m, w in ranker.weights.items() if m not in sides[0]}

    def locate(video: Video, part: QueryPart) -> Moment | None:
        own = [pair for pair in parts if pair[0].part == part]
        moments = find_moments(ranker.library, video, own, 1)
        return max(moments, key=lambda moment: moment.similarity, default=None)

    return ContrastRanker(
        ranker.library, ranker.options, weights, ranker.is_copy, ranker.marks, ranker.evidence,
        excluded=tuple(excluded), sides=sides, against=marks, query=query, locate=locate,
    )  # fmt: skip
