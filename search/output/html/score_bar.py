"""Splits a score into a bar with one part per modality."""

from collections.abc import Iterable

from mvsearch.search.results import Result
from mvsearch.store.records import MODALITIES, Modality

WHAT: dict[Modality, str] = {
    "frames": "pictures",
    "lyrics": "lyrics",
    "audio": "sound",
    "ocr": "text in picture",
}
NOT_COMPARED = "not compared"
# Sums of floats differ from the score by less.
ROUNDING = 1e-9


def find_longest(results: Iterable[Result]) -> float:
    """The highest score, whose bar has the full width; 0 if there is none."""
    return max((result.score for result in results), default=0.0)


def count_rest(result: Result) -> float:
    """The part of a score beyond its contributions: the neutral value of missing modalities."""
    rest = result.score - sum(part.points for part in result.contributions.values())
    rest -= 0.0 if result.feedback is None else result.feedback.total
    return rest if rest > ROUNDING else 0.0


def list_rest(results: Iterable[Result]) -> list[tuple[str, str]]:
    """The legend of the neutral part; empty if no score has one."""
    if not any(count_rest(result) for result in results):
        return []
    return [("rest", f"{NOT_COMPARED}: the median of unrelated videos")]


def split_bar(result: Result, longest: float) -> list[tuple[str, float, float]]:
    """Split the bar of a score into one part per modality.

    The length of the bar is proportional to the score, the length of a part to the points of its
    modality. Negative points (of a negative cosine) have no part; they shorten all others in
    proportion.

    Args:
        result: with its contributions.
        longest: the score of a bar of full width.

    Returns:
        The modality or "rest", the start of the part, and its width; both in percent.
    """
    added: dict[str, float] = {
        m: p.points for m in MODALITIES if (p := result.contributions.get(m)) is not None
    }
    added["rest"] = count_rest(result)
    positive = sum(max(part, 0.0) for part in added.values())
    scale = 0.0
    if longest > 0 and positive > 0:
        scale = 100 / longest * min(1.0, max(result.score, 0.0) / positive)
    x = 0.0
    parts = []
    for name, part in added.items():
        if width := max(part, 0.0) * scale:
            parts.append((name, x, width))
        x += width
    return parts


def describe_score(result: Result) -> str:
    """A score as the sum of its parts, each with similarity and surprisal."""
    said = [
        f"{'mood' if result.mood else WHAT[modality]} {part.points:.3g} (similarity"
        f" {part.similarity:.2f}, surprisal {part.calibrated:.1f})"
        for modality in MODALITIES
        if (part := result.contributions.get(modality)) is not None
    ]
    rest = count_rest(result)
    said += [f"{NOT_COMPARED} {rest:.3g}"] if rest else []
    said += [] if result.feedback is None else [f"feedback {result.feedback.total:.3g}"]
    return f"{result.score:.3g} = {' + '.join(said)}" if said else f"{result.score:.3g}"
