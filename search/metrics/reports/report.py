"""Evaluates a folder of generated or retrieved music by several metrics, beside its references.

The rules:

- The parts are FAD, timbre, KL of classes of music (genre KL) and emotion match, each by the
  function of its metric. A part that is not defined for these folders, or whose network or library
  is missing, says why; the others are measured all the same.
- The value of pairs that do not belong together stands beside that of those that do (chance): a
  figure that does not beat it says nothing about the pairs.
- Figures belong to their networks, which are part of each. See `docs/metrics.md` for what each
  metric does not measure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mvsearch.search.metrics.media.folders import list_media
from mvsearch.search.metrics.output.tables import Table
from mvsearch.search.metrics.reports.parts import (
    Part,
    PartName,
    ReportOptions,
    measure_emotion,
    measure_fad,
    measure_genres,
    measure_timbre,
)
from mvsearch.store.errors import MvsearchError

Measure = Callable[[Path, Path, ReportOptions], Part]

MEASURES: Mapping[PartName, tuple[Measure, bool]] = {
    "fad": (measure_fad, False),
    "timbre": (measure_timbre, False),
    "genre-kl": (measure_genres, False),
    "emotion-match": (measure_emotion, True),
}
TITLES: Mapping[PartName, str] = {
    "fad": "FAD",
    "timbre": "timbre distance",
    "genre-kl": "genre KL",
    "emotion-match": "emotion match",
}


@dataclass(frozen=True, slots=True)
class MetricReport:
    """The evaluation of a folder.

    Attributes:
        candidate, reference: the folders.
        parts: in the order of `MEASURES`.
        n_files: of candidate and reference.
    """

    candidate: Path
    reference: Path
    parts: tuple[Part, ...]
    n_files: tuple[int, int] = field(default=(0, 0))

    @property
    def is_defined(self) -> bool:
        """Whether any part has a value."""
        return any(part.value is not None for part in self.parts)

    def list_files(self) -> tuple[str, ...]:
        """The files of the candidate that have a value in any part."""
        return tuple(sorted({name for part in self.parts for name in part.files}))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "metric": "report",
            "candidate": {"folder": str(self.candidate), "n_files": self.n_files[0]},
            "reference": {"folder": str(self.reference), "n_files": self.n_files[1]},
            "parts": [part.to_dict() for part in self.parts],
        }

    def to_table(self) -> Table:
        """One row a part."""
        rows = tuple(
            (
                TITLES[part.name],
                format_value(part.value),
                format_value(part.chance),
                "higher" if part.is_higher_better else "lower",
                str(part.n) if part.n else "–",
            )
            for part in self.parts
        )
        notes = tuple(f"{TITLES[part.name]}: {part.reason or part.source}" for part in self.parts)
        columns = ("metric", "value", "others", "better", "N")
        return Table(f"{self.candidate} beside {self.reference}", columns, rows, notes)


def format_value(value: float | None) -> str:
    """A figure with four digits; a dash for none."""
    return "–" if value is None else f"{value:.4g}"


def evaluate_report(
    reference: Path, candidate: Path, options: ReportOptions | None = None
) -> MetricReport:
    """Measure all parts.

    Args:
        reference: folder of music to compare with.
        candidate: folder of results.
        options: pictures, lengths and networks.

    Raises:
        QueryError: a folder cannot be read or holds no media.
    """
    options = options or ReportOptions()
    n_files = len(list_media(candidate)), len(list_media(reference))
    parts = tuple(
        _measure(name, measure, is_higher_better, reference, candidate, options)
        for name, (measure, is_higher_better) in MEASURES.items()
    )
    return MetricReport(candidate, reference, parts, n_files)


def _measure(
    name: PartName,
    measure: Measure,
    is_higher_better: bool,
    reference: Path,
    candidate: Path,
    options: ReportOptions,
) -> Part:
    try:
        return measure(reference, candidate, options)
    except MvsearchError as error:
        return Part(name, None, is_higher_better, reason=str(error))
