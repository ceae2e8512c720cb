"""Classifies the relation of two videos from what agrees and what differs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from mvsearch.indexer.encoders.operating_points import NOT_CALIBRATED, OperatingPoints
from mvsearch.search.versions.agreement import Agreement, Part
from mvsearch.search.versions.lines import SharedLines
from mvsearch.store.records import Modality, Video

Kind = Literal["duplicate", "excerpt", "same-sound", "same-picture", "same-lyrics"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Verdict = Literal[
    "agrees", "cut", "unclear", "partly", "elsewhere", "differs", "missing", "uncalibrated"
]

# Minimum shared part of the shorter video; for a duplicate, of both.
MIN_COVERED = 0.6
MIN_COPIED = 0.8
MIN_PARTLY = 0.15
# Shorter matches are idents, jingles or chance; a single modality needs more.
MIN_SECONDS = 2.0
MIN_SECONDS_ALONE = 4.0
MIN_LINES = 4
MIN_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of one modality about two videos.

    Attributes:
        verdict: "agrees"; "cut" for sound that agrees between cuts; "unclear" if it is similar, but
            as much so at other offsets or only briefly, which is no evidence against a relation;
            "partly"; "elsewhere" for pictures that agree at another offset than the sound;
            "differs"; "missing" if one or both lack the modality; "uncalibrated" if the encoder has
            no operating points.
        similarity, background: see `Agreement`; None if nothing agrees.
        first_share, second_share: of each video's samples or lines, those that are shared.
        offset_seconds: of the longest shared part.
        seconds: length of the shared parts; for lyrics, the number of lines.
        parts: the shared parts, the longest first; none for lyrics.
        certain: the cosine at which the encoder's vectors are certainly the same.
        first_has, second_has: whether each video has the modality.
    """

    verdict: Verdict
    similarity: float | None = None
    background: float | None = None
    first_share: float = 0.0
    second_share: float = 0.0
    offset_seconds: float | None = None
    speed: float = 1.0
    seconds: float = 0.0
    parts: tuple[Part, ...] = ()
    certain: float = 1.0
    first_has: bool = True
    second_has: bool = True

    @property
    def covered(self) -> float:
        """The larger of the two shares."""
        return max(self.first_share, self.second_share)

    def to_dict(self, modality: Modality) -> dict[str, Any]:
        """The evidence of a modality in the form of the JSON output."""
        return {
            "verdict": self.verdict,
            "similarity": _round(self.similarity),
            "background": _round(self.background),
            "first_share": _round(self.first_share),
            "second_share": _round(self.second_share),
            "offset_seconds": _round(self.offset_seconds),
            "speed": round(self.speed, 4),
            "seconds": _round(self.seconds),
            "parts": [
                {
                    "first_seconds": [_round(time) for time in part.first_seconds],
                    "second_seconds": [_round(time) for time in part.second_seconds],
                    "example_seconds": [_round(time) for time in part.example_seconds],
                }
                for part in self.parts
            ],
            "certain": _round(self.certain),
            "first_has": self.first_has,
            "second_has": self.second_has,
            "text": describe_evidence(modality, self),
        }


@dataclass(frozen=True, slots=True)
class Relation:
    """Two videos and their relation.

    Attributes:
        first, second: for an excerpt the whole and the part; otherwise in the catalogue's order.
        offset_seconds: time `t` of the second is `t + offset_seconds` of the first; for an excerpt,
            the start of the part in the whole. None for lyrics without times.
        confidence: 0 to 1; grows with similarity, coverage and length. Not a probability.
        evidence: of each modality that at least one of the two has.
    """

    kind: Kind
    first: Video
    second: Video
    offset_seconds: float | None
    confidence: float
    evidence: Mapping[Modality, Evidence]

    @property
    def is_copy(self) -> bool:
        """Whether both have the same picture and sound throughout."""
        return self.kind == "duplicate"

    def to_dict(self) -> dict[str, Any]:
        """The relation in the form of the JSON output."""
        return {
            "kind": self.kind,
            "confidence": round(self.confidence, 3),
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "offset_seconds": _round(self.offset_seconds),
            "evidence": {m: one.to_dict(m) for m, one in self.evidence.items()},
        }


def judge_agreement(found: Agreement | None, points: OperatingPoints) -> Evidence:
    """Judge the agreement in a modality that both videos have."""
    if found is None:
        return Evidence("differs")
    seconds = sum(part.first_seconds[1] - part.first_seconds[0] for part in found.parts)
    covered = max(found.first_share, found.second_share)
    # Without a background, only nearly identical content counts. The same holds for content that
    # agrees at every offset: one steady tone or still picture is similar to another.
    is_nearly_identical = found.similarity >= (points.alone or points.certain)
    is_brief = found.background is None and not is_nearly_identical
    verdict: Verdict = "agrees"
    is_other = found.is_still and not is_nearly_identical
    if covered < MIN_PARTLY or seconds < MIN_SECONDS or is_other:
        verdict = "differs"
    elif found.is_still or is_brief:
        verdict = "unclear"
    elif covered < MIN_COVERED:
        verdict = "partly"
    return Evidence(
        verdict,
        found.similarity,
        found.background,
        found.first_share,
        found.second_share,
        found.offset_seconds,
        found.speed,
        seconds,
        found.parts,
        points.certain,
    )


def judge_lines(found: SharedLines | None, points: OperatingPoints) -> Evidence:
    """Judge the common lines of lyrics that both videos have."""
    if found is None:
        return Evidence("differs")
    covered = max(found.first_share, found.second_share)
    is_same = found.n_distinct >= MIN_LINES and covered >= MIN_COVERED
    is_partly = found.n_distinct >= 2 and covered >= MIN_PARTLY
    return Evidence(
        "agrees" if is_same else "partly" if is_partly else "differs",
        found.similarity,
        None,
        found.first_share,
        found.second_share,
        found.offset_seconds,
        seconds=float(found.n_distinct),
        certain=points.certain,
    )


def relate(first: Video, second: Video, evidence: Mapping[Modality, Evidence]) -> Relation | None:
    """Classify the relation of two videos; None in doubt.

    If pictures and sound agree, the videos are duplicates or, if one video has more, an excerpt; so
    they are if one agrees and the other is missing in both or gives no time. One of them alone
    makes the same sound or the same picture. Lyrics count only if neither agrees.

    Args:
        first: of the evidence.
        second: of the evidence.
        evidence: of "frames", "audio" and "lyrics", each if at least one video has it.
    """
    kind, deciding = _choose_kind(evidence)
    if kind is None:
        return None
    confidence = _rate(deciding, evidence)
    if confidence < MIN_CONFIDENCE:
        return None
    lead = evidence[deciding[0]]
    is_turned = kind == "excerpt" and _cover(deciding, evidence)[0] > _cover(deciding, evidence)[1]
    offset = lead.offset_seconds
    if is_turned:
        first, second = second, first
        evidence = {modality: _swap(one) for modality, one in evidence.items()}
    elif offset is not None:
        offset = -offset / lead.speed
    return Relation(kind, first, second, offset, confidence, evidence)


def _choose_kind(
    evidence: Mapping[Modality, Evidence],
) -> tuple[Kind | None, tuple[Modality, ...]]:
    """The kind, and the modalities that decide it, pictures first."""
    verdicts = {m: one.verdict for m, one in evidence.items()}
    picture, sound = (verdicts.get(m) for m in ("frames", "audio"))
    agreeing: tuple[Modality, ...] = tuple(
        m for m in ("frames", "audio") if verdicts.get(m) == "agrees"
    )
    if not agreeing:
        has_doubt = "unclear" in (picture, sound) or "elsewhere" in (picture, sound)
        is_sung = verdicts.get("lyrics") == "agrees" and not has_doubt
        return ("same-lyrics", ("lyrics",)) if is_sung else (None, ())
    rest = sound if agreeing == ("frames",) else picture
    if len(agreeing) == 2 or rest in (None, "unclear", "cut"):
        first, second = _cover(agreeing, evidence)
        if min(first, second) >= MIN_COPIED:
            return "duplicate", agreeing
        return ("excerpt", agreeing) if max(first, second) >= MIN_COPIED else (None, ())
    if evidence[agreeing[0]].seconds < MIN_SECONDS_ALONE:
        return None, ()
    return ("same-picture" if agreeing == ("frames",) else "same-sound"), agreeing


def _cover(
    deciding: tuple[Modality, ...], evidence: Mapping[Modality, Evidence]
) -> tuple[float, float]:
    """The mean share of each video over the deciding modalities."""
    shares = [(evidence[m].first_share, evidence[m].second_share) for m in deciding]
    return sum(s[0] for s in shares) / len(shares), sum(s[1] for s in shares) / len(shares)


def _rate(deciding: tuple[Modality, ...], evidence: Mapping[Modality, Evidence]) -> float:
    """The confidence: independent doubts multiply, contrary evidence reduces it."""
    doubt = 1.0
    for modality in deciding:
        doubt *= 1 - _rate_one(evidence[modality])
    against = [e.covered / 2 for e in evidence.values() if e.verdict in ("partly", "elsewhere")]
    if len(deciding) == 1 and deciding != ("lyrics",) and against:
        return (1 - doubt) * (1 - max(against))
    return 1 - doubt


def _rate_one(one: Evidence) -> float:
    """The confidence of one modality, by similarity, coverage and length."""
    similarity = min(1.0, max(0.0, 1 - 2 * (one.certain - (one.similarity or 0.0))))
    return similarity * min(1.0, one.covered) * one.seconds / (one.seconds + 1)


def _swap(one: Evidence) -> Evidence:
    """The same with the second video first."""
    offset = None if one.offset_seconds is None else -one.offset_seconds / one.speed
    return replace(
        one,
        first_share=one.second_share,
        second_share=one.first_share,
        offset_seconds=offset,
        speed=1 / one.speed,
        parts=tuple(part.swap() for part in one.parts),
        first_has=one.second_has,
        second_has=one.first_has,
    )


def describe_evidence(modality: Modality, one: Evidence) -> str:
    """Describe the evidence of one modality, such as `sound agrees: 0.97 (otherwise 0.21)`."""
    name = {"frames": "picture", "audio": "sound", "lyrics": "lyrics"}[modality]
    if one.verdict == "missing":
        whose = "the second" if one.first_has else "the first" if one.second_has else "either"
        return f"no {name} in {whose}"
    if one.verdict == "uncalibrated":
        return f"{name}: {NOT_CALIBRATED}"
    if one.verdict == "differs" or one.similarity is None:
        return f"{name} differs" if modality != "lyrics" else "lyrics differ"
    shares = f"{one.first_share:.0%} / {one.second_share:.0%} shared"
    if modality == "lyrics":
        return f"{one.seconds:.0f} lines the same, {shares}"
    said = {
        "agrees": "agrees", "unclear": "alike, but not sure in time", "partly": "agrees in part",
        "elsewhere": "agrees at another offset", "cut": "agrees between the cuts",
    }[one.verdict]  # fmt: skip
    rest = "" if one.background is None else f" (otherwise {one.background:.2f})"
    speed = "" if one.speed == 1 else f", {one.speed:.2f} × as long"
    return f"{name} {said}: {one.similarity:.2f}{rest}, {shares}{speed}"


def _round(number: float | None) -> float | None:
    # Adding zero keeps "-0.0" out of the report.
    return None if number is None else round(number, 3) + 0.0
