"""Compares two videos in every modality."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import find_points
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.search.versions.agreement import (
    Agreement,
    AgreementOptions,
    find_agreement,
    measure_diagonal,
)
from mvsearch.search.versions.diagonals import Timeline
from mvsearch.search.versions.lines import match_lines
from mvsearch.search.versions.relations import (
    MIN_COPIED,
    MIN_COVERED,
    Evidence,
    Relation,
    judge_agreement,
    judge_lines,
    relate,
)
from mvsearch.store.records import MODALITIES, Matrix, Modality, Video
from mvsearch.store.vectors.index import VectorIndex

# Samples nearer in time than this are similar anyway: an audio window is 5 s.
GUARD_SECONDS: Mapping[Modality, float] = {"frames": 1.5, "audio": 6.0}
# Maximum difference of two equal offsets, in addition to the coarser sampling interval.
OFFSET_TOLERANCE_SECONDS = 1.5
# Cosine at which two lines of one song are the same, such as those of a refrain.
SAME_LINE = 0.95
# Minimum number of audio windows between cuts.
MIN_WINDOWS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Compares videos of one library.

    Attributes:
        indexes: of each modality in the library.
    """

    indexes: Mapping[Modality, VectorIndex]

    def points_of(self, modality: Modality) -> OperatingPoints | None:
        """The operating points of a modality's encoder; None if it is not calibrated."""
        return find_points(self.indexes[modality].space.encoder)

    def find_uncalibrated(self) -> dict[Modality, str]:
        """The encoders without operating points, by modality."""
        return {
            modality: index.space.encoder
            for modality, index in self.indexes.items()
            if self.points_of(modality) is None
        }

    def relate(self, first: Video, second: Video) -> Relation | None:
        """The relation of two videos; None if it is uncertain."""
        return relate(first, second, self.collect_evidence(first, second))

    def collect_evidence(self, first: Video, second: Video) -> dict[Modality, Evidence]:
        """The evidence of each modality that at least one video has, in the order of MODALITIES."""
        found: dict[Modality, Agreement] = {}
        evidence: dict[Modality, Evidence] = {}
        for modality in MODALITIES:
            has = [self._has(modality, video) for video in (first, second)]
            if not all(has):
                if any(has):
                    evidence[modality] = Evidence("missing", first_has=has[0], second_has=has[1])
            elif (points := self.points_of(modality)) is None:
                evidence[modality] = Evidence("uncalibrated")
            elif modality == "lyrics":
                evidence[modality] = self._compare_lyrics(first, second, points)
            else:
                agreement = self._find_agreement(modality, first, second)
                evidence[modality] = judge_agreement(agreement, points)
                if agreement is not None:
                    found[modality] = agreement
        if len(found) == len(GUARD_SECONDS) and evidence["frames"].verdict == "agrees":
            if evidence["audio"].verdict == "agrees":
                self._check_offsets(first, second, found, evidence)
            elif len(found["frames"].parts) > 1:
                self._check_between_cuts(first, second, found["frames"], evidence)
        return evidence

    def _has(self, modality: Modality, video: Video) -> bool:
        index = self.indexes.get(modality)
        return index is not None and index.count(video.id) > 0

    def _find_agreement(self, modality: Modality, first: Video, second: Video) -> Agreement | None:
        return find_agreement(
            *self._time_similarities(modality, first, second), self._options(modality)
        )

    def _options(self, modality: Modality) -> AgreementOptions:
        """When two samples of a calibrated modality count as the same."""
        points = self.points_of(modality)
        assert points is not None
        return AgreementOptions(points.same, GUARD_SECONDS[modality])

    def _time_similarities(
        self, modality: Modality, first: Video, second: Video
    ) -> tuple[Matrix, Timeline, Timeline]:
        index = self.indexes[modality]
        one, other = (
            Timeline(spans.starts, spans.ends)
            for spans in (index.spans(first.id), index.spans(second.id))
        )
        return index.vectors(first.id) @ index.vectors(second.id).T, one, other

    def _check_offsets(
        self,
        first: Video,
        second: Video,
        found: Mapping[Modality, Agreement],
        evidence: dict[Modality, Evidence],
    ) -> None:
        """Pictures and sound must agree at one offset; a loop agrees at several, so both are tried.

        Otherwise the verdict on the pictures becomes "elsewhere".
        """
        picture, sound = found["frames"], found["audio"]
        middle = sum(sound.parts[0].first_seconds) / 2
        apart = abs(picture.locate(middle) - sound.locate(middle))
        picture_similarities = self._time_similarities("frames", first, second)
        interval = max(timeline.interval_seconds for timeline in picture_similarities[1:])
        if apart <= OFFSET_TOLERANCE_SECONDS + interval:
            return
        sound_similarities = self._time_similarities("audio", first, second)
        tries = (
            measure_diagonal(
                *picture_similarities, self._options("frames"), sound.offset_seconds, sound.speed
            ),
            measure_diagonal(
                *sound_similarities, self._options("audio"), picture.offset_seconds, picture.speed
            ),
        )
        if all(n_agreeing < MIN_COVERED * n_met for n_agreeing, n_met in tries):
            evidence["frames"] = replace(evidence["frames"], verdict="elsewhere")

    def _check_between_cuts(
        self, first: Video, second: Video, picture: Agreement, evidence: dict[Modality, Evidence]
    ) -> None:
        """Audio windows across a cut agree with nothing; those between cuts must agree."""
        sound_similarities = self._time_similarities("audio", first, second)
        counts = [
            measure_diagonal(
                *sound_similarities,
                self._options("audio"),
                part.second_seconds[0] - part.first_seconds[0],
                within_seconds=part.first_seconds,
            )
            for part in picture.parts
        ]
        n_agreeing, n_met = (sum(numbers) for numbers in zip(*counts, strict=True))
        if n_met >= MIN_WINDOWS and n_agreeing >= MIN_COPIED * n_met:
            evidence["audio"] = replace(evidence["audio"], verdict="cut")

    def _compare_lyrics(self, first: Video, second: Video, points: OperatingPoints) -> Evidence:
        index = self.indexes["lyrics"]
        one, other = (index.vectors(video.id) for video in (first, second))
        starts = (index.spans(first.id).starts, index.spans(second.id).starts)
        kinds = (_number_lines(one), _number_lines(other))
        found = match_lines(one @ other.T, starts, points.same, kinds)
        return judge_lines(found, points)


def _number_lines(vectors: Matrix) -> npt.NDArray[np.intp]:
    """For each line, the number of the first equal line."""
    return np.asarray((vectors @ vectors.T >= SAME_LINE).argmax(axis=1), dtype=np.intp)
