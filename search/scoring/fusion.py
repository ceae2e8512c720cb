"""Fuses the similarities of several modalities into one score."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from mvsearch.search.query.weights import Weights
from mvsearch.store.records import MODALITIES, OPTIONAL, Modality

FloatArray = npt.NDArray[np.float64]
Fusion = Literal["weighted", "calibrated", "rrf"]
Similarities = Mapping[Modality, FloatArray]
# The similarities of each modality and their surprisals.
Measured = tuple[Similarities, Similarities]

# The published system's, for a library without sound (0.6 × image + 0.4 × text).
WEIGHTS_WITHOUT_AUDIO: Weights = {"frames": 0.6, "lyrics": 0.4, "audio": 0.0}
# Measured: see docs/decisions/0013-cosine-weights.md.
WEIGHTS_WITH_AUDIO: Weights = {"frames": 0.25, "lyrics": 0.5, "audio": 0.25}

# Measured: see docs/decisions/0020-calibrated-fusion.md.
CALIBRATED_WEIGHTS: Weights = {"frames": 0.3, "lyrics": 0.4, "audio": 0.3}
# Beside each of them, in a library that holds text in pictures: as much as lyrics.
OCR_WEIGHTS: Weights = {"ocr": 0.4}

# Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion" (SIGIR 2009).
RANK_CONSTANT = 60

# The surprisal of the median of unrelated videos: half of them reach it.
NEUTRAL = math.log10(2)


def choose_weights(modalities: Collection[Modality], fusion: Fusion = "weighted") -> Weights:
    """The default weights for a library with these modalities."""
    more = OCR_WEIGHTS if OPTIONAL in modalities else {}
    if fusion == "calibrated":
        return {**CALIBRATED_WEIGHTS, **more}
    own = WEIGHTS_WITH_AUDIO if "audio" in modalities else WEIGHTS_WITHOUT_AUDIO
    return {**own, **more}


def fuse(
    fusion: Fusion, similarities: Similarities, surprisals: Similarities, weights: Weights
) -> tuple[FloatArray, dict[Modality, FloatArray]]:
    """Fuse in one of the three ways; see `fuse_weighted`, `fuse_surprisal` and `fuse_ranks`."""
    if fusion == "calibrated":
        return fuse_surprisal(surprisals, weights)
    return (fuse_weighted if fusion == "weighted" else fuse_ranks)(similarities, weights)


def split_scores(
    fusion: Fusion, similarities: Similarities, surprisals: Similarities, shares: Similarities
) -> dict[Modality, FloatArray]:
    """The part of each modality in the scores of `fuse`.

    Args:
        fusion: in use.
        similarities: for each modality (videos,), the arguments of `fuse`.
        surprisals: likewise.
        shares: the weights that `fuse` returned.

    Returns:
        For each modality (videos,), zero if the video lacks it. Their sum is the score, except for
        the neutral value of missing modalities in `fuse_surprisal`.
    """
    values = surprisals if fusion == "calibrated" else similarities
    if fusion == "rrf":
        values = {m: _invert_ranks(s) for m, s in similarities.items()}
    return {m: np.where(shares[m] > 0, v, 0.0) * shares[m] for m, v in values.items()}


def merge_parts(
    similarities: FloatArray, modalities: Sequence[Modality]
) -> dict[Modality, FloatArray]:
    """Average the parts of a query that are compared in one modality.

    Args:
        similarities: (parts, videos), NaN if the video lacks the modality of the part.
        modalities: of each part.

    Returns:
        For each modality (videos,), NaN if the video lacks it.
    """
    return {
        modality: _mean_of_known(similarities[[m == modality for m in modalities]])
        for modality in MODALITIES
        if modality in modalities
    }


def _mean_of_known(rows: FloatArray) -> FloatArray:
    known = ~np.isnan(rows)
    n_known = known.sum(axis=0)
    total = np.where(known, rows, 0.0).sum(axis=0)
    return np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan)


def share_weights(similarities: Similarities, weights: Weights) -> dict[Modality, FloatArray]:
    """The weight of each modality for each video, normalised over the modalities it has.

    Returns:
        For each modality (videos,), zero if the video lacks it. They add up to one, or are all zero
        if the video has no modality with a weight.
    """
    raw = {m: np.where(np.isnan(s), 0.0, weights.get(m, 0.0)) for m, s in similarities.items()}
    total = np.asarray(sum(raw.values()))
    return {m: w / np.where(total > 0, total, 1.0) for m, w in raw.items()}


def fuse_weighted(
    similarities: Similarities, weights: Weights
) -> tuple[FloatArray, dict[Modality, FloatArray]]:
    """Late fusion: the weighted mean over the modalities that query and video have.

    Args:
        similarities: for each modality (videos,) cosines, NaN if the video lacks it.
        weights: of the modalities, not negative.

    Returns:
        The scores (videos,), NaN for a video without a common modality, and the weights used.
    """
    shares = share_weights(similarities, weights)
    return _add_up(similarities, shares), shares


def fuse_surprisal(
    surprisals: Similarities, weights: Weights
) -> tuple[FloatArray, dict[Modality, FloatArray]]:
    """Combine evidence: the weighted mean of surprisals over all modalities of the query.

    A modality that a video lacks is neutral and counts as the median of unrelated videos. If the
    mean were taken over the existing modalities, a video with a matching picture and no sound would
    beat one whose picture matches as well and whose sound matches a little less.

    Args:
        surprisals: for each modality (videos,), see `calibration.compute_surprisal`; NaN if the
            video lacks it.
        weights: of the modalities, not negative.

    Returns:
        The scores (videos,), NaN for a video without a common modality, and for each modality the
        weights (videos,), zero if the video lacks it; the neutral rest completes them to one.
    """
    total = sum(weights.get(m, 0.0) for m in surprisals) or 1.0
    shares = {
        m: np.where(np.isnan(s), 0.0, weights.get(m, 0.0) / total) for m, s in surprisals.items()
    }
    n_lacking = 1.0 - np.asarray(sum(shares.values()))
    return _add_up(surprisals, shares) + NEUTRAL * n_lacking, shares


def fuse_ranks(
    similarities: Similarities, weights: Weights
) -> tuple[FloatArray, dict[Modality, FloatArray]]:
    """Reciprocal rank fusion: the weighted mean of 1 / (60 + rank) over the modalities.

    Equal similarities have equal ranks. Arguments and result as in `fuse_weighted`.
    """
    shares = share_weights(similarities, weights)
    return _add_up({m: _invert_ranks(s) for m, s in similarities.items()}, shares), shares


def _add_up(values: Similarities, shares: Similarities) -> FloatArray:
    total = np.asarray(sum(np.where(shares[m] > 0, v, 0.0) * shares[m] for m, v in values.items()))
    has_any = np.asarray(sum(shares.values())) > 0
    return np.where(has_any, total, np.nan)


def _invert_ranks(similarities: FloatArray) -> FloatArray:
    known = np.sort(similarities[~np.isnan(similarities)])
    n_better = known.size - np.searchsorted(known, similarities, side="right")
    return np.where(np.isnan(similarities), np.nan, 1.0 / (RANK_CONSTANT + 1 + n_better))


def order_best_first(scores: FloatArray, video_ids: Sequence[str]) -> npt.NDArray[np.intp]:
    """Positions of the videos that have a score, best first, ties by video id."""
    by_id = np.array(sorted(range(len(video_ids)), key=video_ids.__getitem__), dtype=np.intp)
    ranked = by_id[np.argsort(-scores[by_id], kind="stable")]
    return ranked[~np.isnan(scores[ranked])]
