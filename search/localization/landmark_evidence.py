"""The evidence of landmarks that a clip of sound is from a video."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from mvsearch.search.localization.landmark_votes import LandmarkMatch, find_matches
from mvsearch.search.query.encode import EncodedPart
from mvsearch.store.landmarks.index import LandmarkIndex
from mvsearch.store.landmarks.packing import STEP_SECONDS
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix

# In 42 minutes of sound, clips agreed by up to 10 nats with places that they are not from, and by
# 17 or more with their own. More sound has more places that agree by chance.
EVEN_NATS = 12.0
# Weaker evidence is none.
MIN_STRENGTH = 0.05


@dataclass(frozen=True, slots=True)
class LandmarkEvidence:
    """A place of a video whose spectral peaks agree with those of a clip.

    Attributes:
        strength: 0 to 1, the probability that the clip is from there.
    """

    match: LandmarkMatch
    strength: float

    def combine(self, similarities: Matrix) -> Matrix:
        """Raise cosines (q, n) by the evidence.

        Cosines and landmarks are combined as independent evidence (noisy-or, Pearl 1988).
        """
        raised = 1 - (1 - np.maximum(similarities, 0)) * (1 - np.float32(self.strength))
        return raised.astype(np.float32)


def find_landmark_evidence(library: Library, part: EncodedPart) -> Mapping[str, LandmarkEvidence]:
    """Find the videos that share landmarks with a part of a query, by video id.

    Empty for parts without sound, and for libraries that were indexed before there were landmarks.
    """
    if part.peaks is None or part.duration_seconds is None:
        return {}
    index = library.landmarks(part.space)
    if not index.video_ids:
        return {}
    read = partial(library.catalog.peaks, space_key=part.space.key)
    matches = find_matches(part.peaks, part.duration_seconds, index, read)
    found = {m.video_id: LandmarkEvidence(m, compute_strength(m, index)) for m in matches}
    return {one: evidence for one, evidence in found.items() if evidence.strength >= MIN_STRENGTH}


def compute_strength(match: LandmarkMatch, index: LandmarkIndex) -> float:
    """The probability that a clip is from a place, by what agrees and how much sound there is."""
    hours = float(index.firsts[-1]) * STEP_SECONDS / 3600
    surplus = match.agreement.nats - EVEN_NATS - math.log1p(hours)
    return 1 / (1 + math.exp(-min(max(surplus, -50.0), 50.0)))
