"""The parts of a report: each is one metric over two folders, by its own functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mvsearch.search.metrics.divergence import KlOptions, compare_files, evaluate_kl
from mvsearch.search.metrics.emotion import EmotionOptions
from mvsearch.search.metrics.frechet import FrechetOptions, evaluate_fad
from mvsearch.search.metrics.media.classes import ClassOptions, choose_classifier
from mvsearch.search.metrics.media.emotion_sources import SourceOptions, evaluate_emotion_match
from mvsearch.search.metrics.media.folders import name_in
from mvsearch.search.metrics.media.onsets import read_clip
from mvsearch.search.metrics.reports.pairs import pair_files, pair_pictures, read_pairs
from mvsearch.search.metrics.timbre import TimbreOptions, compare_pairs, find_coefficients
from mvsearch.store.errors import QueryError

PartName = Literal["fad", "timbre", "genre-kl", "emotion-match"]

# The first that is installed tells genres apart best.
GENRE_CLASSIFIERS = ("musicnn", "ast", "yamnet", "mood")
# Of the published pairs of IMEMNet, on valence and arousal from 0 to 1; see `emotion`.
PUBLISHED_SIGMA = 0.37


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report is made of.

    Attributes:
        pairs: a CSV file of pictures and results; None pairs them by name.
        images: folder of the pictures; None looks beside the results, then beside the references.
        seconds: of each file for timbre; warping is quadratic in it.
        classifier: of the genre KL; None takes the first of `GENRE_CLASSIFIERS` that is installed.
        profile: of the encoders of FAD and emotion match.
    """

    pairs: Path | None = None
    images: Path | None = None
    seconds: float = 30.0
    classifier: str | None = None
    profile: str = "embedded"

    def __post_init__(self) -> None:
        """Check the length, and that pictures are named once."""
        if not 0.0 < self.seconds <= 120.0:
            raise QueryError(f"timbre takes up to 120 seconds a file, not {self.seconds:g}")
        if self.pairs is not None and self.images is not None:
            raise QueryError("--pairs names the pictures already: leave --images out")


@dataclass(frozen=True, slots=True)
class Part:
    """One metric of a report.

    Attributes:
        value: None if it is not defined here.
        is_higher_better: which way it goes.
        n: of what it is the mean, or the samples of the candidate.
        chance: the same for pairs that do not belong together; None where there are none.
        source: networks and options, in words.
        reason: why there is no value; empty if there is one.
        files: the value of each file of the candidate, by its name in the folder.
    """

    name: PartName
    value: float | None
    is_higher_better: bool
    n: int = 0
    chance: float | None = None
    source: str = ""
    reason: str = ""
    files: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "metric": self.name,
            "value": self.value,
            "better": "higher" if self.is_higher_better else "lower",
            "n": self.n,
            "chance": self.chance,
            "source": self.source or None,
            "reason": self.reason or None,
            "files": dict(self.files),
        }


def measure_fad(reference: Path, candidate: Path, options: ReportOptions) -> Part:
    """FAD of all sound of both folders; see `frechet`."""
    from mvsearch.search.metrics.media.folders import EmbeddingOptions

    found = evaluate_fad(reference, candidate, FrechetOptions(EmbeddingOptions(options.profile)))
    n = found.candidate.n_samples
    source = f"{found.reference.embedding.describe()}; reference N = {found.reference.n_samples}"
    return Part("fad", found.distance.value, False, n, source=source)


def measure_timbre(reference: Path, candidate: Path, options: ReportOptions) -> Part:
    """The mean timbre distance a step of each result and its reference; see `timbre`.

    Chance is the distance of each result and the reference of the next one.
    """
    pairs = pair_files(reference, candidate)
    timbre = TimbreOptions(is_per_step=True, seconds=options.seconds)
    sides = [
        [find_coefficients(read_clip(pair[side], options.seconds)) for pair in pairs]
        for side in (0, 1)
    ]
    others = sides[1][1:] + sides[1][:1]
    own, other = (
        [
            float(compare_pairs([ours, theirs], timbre)[0, 1])
            for ours, theirs in zip(sides[0], against, strict=True)
        ]
        for against in (sides[1], others if len(pairs) > 1 else sides[1])
    )
    names = [name_in(candidate, path) for path, _ in pairs]
    return Part(
        "timbre", float(np.mean(own)), False, len(pairs),
        chance=float(np.mean(other)) if len(pairs) > 1 else None,
        source=f"20 MFCCs, exact warping, a step, the first {options.seconds:g} s",
        files=dict(zip(names, own, strict=True)),
    )  # fmt: skip


def measure_genres(reference: Path, candidate: Path, options: ReportOptions) -> Part:
    """KL(reference ‖ result) of classes of sound over the segments that both have; see `kl`.

    Chance is that of each result and the reference of the next one.
    """
    classifier = options.classifier or choose_classifier(GENRE_CLASSIFIERS)
    asked = KlOptions(classes=ClassOptions(classifier), is_common_only=True)
    pairs = pair_files(reference, candidate)
    found = evaluate_kl(reference, candidate, asked)
    by_name = {file.name: file for file in found.candidate.files}
    names = [name_in(candidate, path) for path, _ in pairs]
    results = [by_name[name] for name in names]
    others = [
        compare_files(target, other, asked).target_candidate
        for target, other in zip(found.target.files, results[1:] + results[:1], strict=True)
    ]
    values = [float(np.mean(pair.target_candidate)) for pair in found.pairs]
    return Part(
        "genre-kl", found.target_candidate, False,
        sum(len(pair.target_candidate) for pair in found.pairs),
        chance=float(np.mean(np.concatenate(others))) if len(pairs) > 1 else None,
        source=f"classes {found.target.classifier.describe()}",
        files=dict(zip(names, values, strict=True)),
    )  # fmt: skip


def measure_emotion(reference: Path, candidate: Path, options: ReportOptions) -> Part:
    """The mean similarity of each result and its picture in valence and arousal; see `emotion`.

    Chance is the mean over the results with the pictures of the others.
    """
    if options.pairs is not None:
        pairs = read_pairs(options.pairs, candidate)
    else:
        folders = [candidate, reference] if options.images is None else [options.images]
        pairs = pair_pictures(candidate, folders)
    emotion = EmotionOptions((0.0, 1.0), (0.0, 1.0), PUBLISHED_SIGMA)
    found = evaluate_emotion_match(
        [picture for picture, _ in pairs],
        [path for _, path in pairs],
        SourceOptions(profile=options.profile, emotion=emotion),
    )
    own = np.diag(found.similarities)
    is_other = np.array([[one != other for other, _ in pairs] for one, _ in pairs])
    names = [name_in(candidate, path) for _, path in pairs]
    return Part(
        "emotion-match", float(own.mean()), True, len(pairs),
        chance=float(found.similarities[is_other].mean()) if is_other.any() else None,
        source=f"σ = {PUBLISHED_SIGMA}; {found.source}",
        files=dict(zip(names, own.tolist(), strict=True)),
    )  # fmt: skip
