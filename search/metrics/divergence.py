"""KL divergence of class probabilities between pairs of files.

The rules, which hold for every function here:

- t and p are posteriors of the target and of the candidate over the same classes;
  KL(t ‖ p) = Σ t · log(t / (p + ε)), natural logarithms, 0 · log 0 = 0. Publications call this
  direction KLD; the other one, Σ p · log(p / (t + ε)), is reported as well.
- ε is added to the second posterior only and is 10⁻⁶, as in AudioCraft: equal posteriors give
  slightly less than 0 (-10⁻⁶ for each class with a share), one-hot posteriors of different classes
  13.8155. With ε = 0 the definition is exact, and an infinite value is a QueryError.
- A file is cut into segments of 10 s from its start; a remainder of 0.15 s or less is left out. The
  value is the mean over all segments, so long files weigh more; the mean over pairs is reported as
  well.
- Files are paired by name, with or without the ending. A file without a pair, or with another
  number of segments than its pair, is a QueryError.
- A posterior is a softmax over the classes. (A common variant with sigmoids lacks the terms of
  1 - p; it may be negative, and is not a divergence.) Published KLD uses PaSST; the classifier is
  part of the result.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.media.classes import (
    ClassifiedFile,
    ClassifiedFolder,
    ClassOptions,
    Material,
    check_posteriors,
    classify_folder,
)
from mvsearch.search.metrics.media.folders import list_media
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.errors import QueryError

FloatArray = npt.NDArray[np.float64]

PUBLISHED_OF: dict[Material, str] = {
    "sound": "not PaSST: published figures are of another classifier",
    "pictures": "of pictures: published figures are of sound",
}


@dataclass(frozen=True, slots=True)
class KlOptions:
    """How posteriors are compared.

    Attributes:
        material: whether the sound or the pictures of the files are classified.
        epsilon: added to the second posterior; 0 is the exact definition.
        classes: classifier and segment length.
        is_common_only: compares the segments that both files of a pair have, where their lengths
            differ; else such a pair is an error.
    """

    material: Material = "sound"
    epsilon: float = 1e-6
    classes: ClassOptions = field(default_factory=ClassOptions)
    is_common_only: bool = False

    def __post_init__(self) -> None:
        """Validate epsilon."""
        if not 0 <= self.epsilon < 1:
            raise QueryError(f"epsilon is from 0 up to 1: {self.epsilon}")


@dataclass(frozen=True, slots=True)
class PairDivergence:
    """The divergences of a pair of files.

    Attributes:
        name: of the target, relative to its folder.
        target_candidate: KL(target ‖ candidate) of each segment.
        candidate_target: KL(candidate ‖ target) of each segment.
    """

    name: str
    target_candidate: tuple[float, ...]
    candidate_target: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "file": self.name,
            "kl_target_candidate": float(np.mean(self.target_candidate)),
            "kl_candidate_target": float(np.mean(self.candidate_target)),
            "segments": [
                {"kl_target_candidate": forth, "kl_candidate_target": back}
                for forth, back in zip(self.target_candidate, self.candidate_target, strict=True)
            ],
        }


@dataclass(frozen=True, slots=True, eq=False)
class KlResult:
    """The divergences of two folders, and the parameters that they depend on."""

    material: Material
    pairs: tuple[PairDivergence, ...]
    epsilon: float
    target: ClassifiedFolder
    candidate: ClassifiedFolder

    @property
    def target_candidate(self) -> float:
        """KL(target ‖ candidate), the mean over all segments."""
        return float(np.mean([value for pair in self.pairs for value in pair.target_candidate]))

    @property
    def candidate_target(self) -> float:
        """KL(candidate ‖ target), the mean over all segments."""
        return float(np.mean([value for pair in self.pairs for value in pair.candidate_target]))

    @property
    def pair_mean(self) -> float:
        """KL(target ‖ candidate), the mean over pairs of their means."""
        return float(np.mean([np.mean(pair.target_candidate) for pair in self.pairs]))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "metric": "kl",
            "material": self.material,
            "kl_target_candidate": self.target_candidate,
            "kl_candidate_target": self.candidate_target,
            "kl_target_candidate_mean_of_pairs": self.pair_mean,
            "epsilon": self.epsilon,
            "classifier": self.target.classifier.to_dict(),
            "pairs": [pair.to_dict() for pair in self.pairs],
            "reference": self.target.to_dict(),
            "candidate": self.candidate.to_dict(),
        }

    def to_table(self) -> Table:
        """One row per pair, then the means."""
        rows = [
            (
                pair.name,
                str(len(pair.target_candidate)),
                f"{np.mean(pair.target_candidate):.6g}",
                f"{np.mean(pair.candidate_target):.6g}",
            )
            for pair in self.pairs
        ]
        n_segments = str(sum(len(pair.target_candidate) for pair in self.pairs))
        forth, back = f"{self.target_candidate:.6g}", f"{self.candidate_target:.6g}"
        rows.append(("mean over segments", n_segments, forth, back))
        columns = ("file", "segments", "KL(target ‖ candidate)", "KL(candidate ‖ target)")
        notes = (
            f"classes {self.target.classifier.describe()}",
            f"target {self.target.describe()}",
            f"candidate {self.candidate.describe()}",
            f"mean over pairs {self.pair_mean:.6g} (target ‖ candidate)",
            f"ε = {self.epsilon:g} is added to the second posterior",
            PUBLISHED_OF[self.material],
        )
        return Table("KL divergence of class posteriors", columns, tuple(rows), notes)


def measure_divergence(
    target: FloatArray, candidate: FloatArray, epsilon: float = 1e-6
) -> FloatArray:
    """KL(target ‖ candidate) of each pair of rows.

    Args:
        target: (n, c) posteriors.
        candidate: (n, c) posteriors.
        epsilon: added to the candidate.

    Returns:
        (n,) divergences in nats.

    Raises:
        QueryError: rows are not posteriors, the shapes differ, or a divergence is infinite.
    """
    from scipy.special import xlogy

    check_posteriors(target, "the target")
    check_posteriors(candidate, "the candidate")
    if target.shape != candidate.shape:
        raise QueryError(f"posteriors of {target.shape} and {candidate.shape} are no pairs")
    if np.any((target > 0) & (candidate + epsilon <= 0)):
        raise QueryError(
            "KL is infinite: a class with probability has none in the other file, and epsilon is 0"
        )
    safe = np.where(target > 0, candidate + epsilon, 1.0)
    divergences: FloatArray = (xlogy(target, target) - xlogy(target, safe)).sum(axis=1)
    return divergences


def pair_names(target: Sequence[PurePath], candidate: Sequence[PurePath]) -> list[tuple[int, int]]:
    """Pair files by their whole name, and the rest by the name without its ending.

    Args:
        target: paths relative to their folder.
        candidate: paths relative to their folder.

    Returns:
        (index in target, index in candidate) of each pair, in the order of the target.

    Raises:
        QueryError: a file has no pair, or several.
    """
    shared = set(target) & set(candidate)
    ours, theirs = (
        [path if path in shared else path.with_suffix("") for path in side]
        for side in (target, candidate)
    )
    _check_pairs(target, ours, theirs)
    _check_pairs(candidate, theirs, ours)
    places = {key: place for place, key in enumerate(theirs)}
    return [(place, places[key]) for place, key in enumerate(ours)]


def evaluate_kl(reference: Path, candidate: Path, options: KlOptions) -> KlResult:
    """KL divergence of two folders of paired files; the reference is the target.

    Raises:
        QueryError: a folder or a file cannot be used, or has no pair of its length.
        WeightsMissingError: the weights of the classifier are not installed.
    """
    listed = [(folder, list_media(folder)) for folder in (reference, candidate)]
    names = [[path.relative_to(folder.absolute()) for path in paths] for folder, paths in listed]
    # Before the classification, which takes long.
    places = pair_names(names[0], names[1])
    sides = [
        classify_folder(folder, paths, options.material, options.classes)
        for folder, paths in listed
    ]
    pairs = tuple(
        compare_files(sides[0].files[one], sides[1].files[other], options) for one, other in places
    )
    return KlResult(options.material, pairs, options.epsilon, sides[0], sides[1])


def _check_pairs(
    paths: Sequence[PurePath], keys: Sequence[PurePath], others: Sequence[PurePath]
) -> None:
    """Check that each key is unique, and present among the others."""
    counts, wanted = Counter(keys), set(others)
    for path, key in zip(paths, keys, strict=True):
        if counts[key] > 1:
            raise QueryError(f"{str(path)!r} and another file of one name fit the same pair")
    lonely = [str(path) for path, key in zip(paths, keys, strict=True) if key not in wanted]
    if lonely:
        more = f" (and {len(lonely) - 1} more)" if len(lonely) > 1 else ""
        raise QueryError(f"the other folder has no pair for {lonely[0]!r}{more}")


def compare_files(
    target: ClassifiedFile, candidate: ClassifiedFile, options: KlOptions
) -> PairDivergence:
    """The divergences of a pair, segment by segment.

    Raises:
        QueryError: they have other segments, or, with `is_common_only`, none in common.
    """
    t, p = target.segments, candidate.segments
    if options.is_common_only:
        common = sorted({*target.segment_numbers} & {*candidate.segment_numbers})
        if not common:
            raise QueryError(f"{target.name!r} and {candidate.name!r} share no segment")
        t, p = (
            file.segments[[file.segment_numbers.index(number) for number in common]]
            for file in (target, candidate)
        )
    elif target.segment_numbers != candidate.segment_numbers:
        raise QueryError(
            f"{target.name!r} has {len(t)} segments and {candidate.name!r} {len(p)}, or others: "
            "pairs are of one length"
        )
    forth = measure_divergence(t, p, options.epsilon)
    back = measure_divergence(p, t, options.epsilon)
    return PairDivergence(target.name, tuple(forth.tolist()), tuple(back.tolist()))
