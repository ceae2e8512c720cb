"""Computes class probabilities for folders of media.

The rules, which hold for every function here:

- All media files are used, and an unusable one is an error, as in `folders`.
- Default classes are ImageNet's for pictures (EfficientNet-Lite0, installed) and AudioSet's for
  sound (AST, whose weights must be fetched; else YAMNet, if its package is installed; else the four
  quadrants of mood by the embedded head). A posterior sums to 1 over all classes.
- Pictures are classified per frame, at a fixed rate; frames of one colour are left out. Sound is
  classified per segment.
- The posterior of a segment of pictures is the mean over its frames, weighted by their display
  time, so that it does not depend on a variable frame rate. Segments of 0.15 s or less are left
  out.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.media.folders import (
    Source,
    check_rate,
    count_files,
    describe_frame_rate,
    name_in,
    refuse,
)
from mvsearch.store.errors import MediaError, QueryError, WeightsMissingError

if TYPE_CHECKING:
    from mvsearch.indexer.encoders import Classifier
    from mvsearch.search.metrics.media.posteriors import Posteriors

FloatArray = npt.NDArray[np.float64]
Material = Literal["sound", "pictures"]

# The first whose weights are installed is the default.
DEFAULT_CLASSIFIERS: dict[Material, tuple[str, ...]] = {
    "sound": ("ast", "yamnet", "mood"),
    "pictures": ("efficientnet-lite0",),
}
# Posteriors come as float32, from softmaxes over up to a thousand classes.
SUM_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class ClassOptions:
    """How files are classified.

    Attributes:
        classifier: its name in the table of classifiers; None takes the default.
        frames_per_second: of pictures.
        segment_seconds: length of a segment.
    """

    classifier: str | None = None
    frames_per_second: float = 2.0
    segment_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Check rate and length."""
        check_rate(self.frames_per_second)
        if not 0.5 <= self.segment_seconds <= 3600:
            raise QueryError(f"a segment is 0.5 to 3600 seconds long: {self.segment_seconds}")


@dataclass(frozen=True, slots=True, eq=False)
class ClassifiedFile:
    """The class posteriors of a file.

    Attributes:
        name: relative to its folder.
        posteriors: (n, c) float64, one row per frame or segment of sound.
        segments: (s, c) float64, the mean of each segment, weighted by display time.
        segment_numbers: of the s segments, from 0; segments without rows are left out.
    """

    name: str
    posteriors: FloatArray
    segments: FloatArray
    segment_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ClassifiedFolder:
    """The class posteriors of a folder, in the order of the files' paths."""

    folder: Path
    classifier: Source
    files: tuple[ClassifiedFile, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, without the posteriors."""
        return {
            "folder": str(self.folder),
            "files": [
                {"file": file.name, "rows": len(file.posteriors), "segments": len(file.segments)}
                for file in self.files
            ],
        }

    def describe(self) -> str:
        """The folder and its number of files in one line."""
        return f"{self.folder}: {count_files(len(self.files))}"


def classify_folder(
    folder: Path, paths: Sequence[Path], material: Material, options: ClassOptions
) -> ClassifiedFolder:
    """Compute the class posteriors of the files of a folder.

    Args:
        folder: of the files.
        paths: as returned by `list_media`.
        material: to classify.
        options: classifier, rate and segment length.

    Raises:
        QueryError: a file cannot be used, or the classifier does not support the material or the
            segment length.
        WeightsMissingError: the weights of the classifier are not installed.
    """
    from mvsearch.indexer.encoders import FrameClassifier, SoundClassifier, load_classifier

    name = options.classifier or choose_classifier(DEFAULT_CLASSIFIERS[material])
    classifier = load_classifier(name)
    if material == "sound" and isinstance(classifier, SoundClassifier):
        if options.segment_seconds > classifier.longest_seconds:
            raise QueryError(
                f"{name} hears {classifier.longest_seconds:g} seconds at once, not "
                f"{options.segment_seconds:g}"
            )
        rate = f"segments of {options.segment_seconds:g} s"
    elif material == "pictures" and isinstance(classifier, FrameClassifier):
        rate = describe_frame_rate(options.frames_per_second)
    else:
        raise QueryError(f"{name} does not classify {material}")
    files = tuple(_classify_file(folder, path, material, classifier, options) for path in paths)
    return ClassifiedFolder(
        folder, Source(classifier.key, len(classifier.list_labels()), rate), files
    )


def choose_classifier(names: Sequence[str]) -> str:
    """The first of some classifiers whose weights are installed; the last one if none are."""
    from mvsearch.indexer.encoders import load_classifier

    for name in names[:-1]:
        with suppress(WeightsMissingError):
            load_classifier(name)
            return name
    return names[-1]


def check_posteriors(rows: FloatArray, role: str) -> None:
    """Raise QueryError unless there are rows of probabilities that sum to 1."""
    if rows.ndim != 2 or 0 in rows.shape:
        raise QueryError(f"no posteriors of {role}: the shape is {rows.shape}")
    if not np.isfinite(rows).all():
        raise QueryError(f"posteriors of {role} are not finite")
    if rows.min() < 0 or np.abs(rows.sum(axis=1) - 1).max() > SUM_TOLERANCE:
        raise QueryError(f"posteriors of {role} are no probabilities that sum to 1")


def average_segments(
    found: "Posteriors", segment_seconds: float
) -> tuple[tuple[int, ...], FloatArray]:
    """The mean posterior of each segment, weighted by the display time of each row.

    Returns:
        The numbers of the s segments with rows of more than 0.15 s, and (s, c) posteriors.
    """
    from mvsearch.search.metrics.media.posteriors import SHORTEST_SECONDS

    numbers: list[int] = []
    rows: list[FloatArray] = []
    for number in range(int(np.ceil(found.end_seconds.max() / segment_seconds))):
        begin, end = number * segment_seconds, (number + 1) * segment_seconds
        on = np.minimum(found.end_seconds, end) - np.maximum(found.start_seconds, begin)
        weights = np.maximum(on, 0.0)
        if weights.sum() > SHORTEST_SECONDS:
            numbers.append(number)
            rows.append(weights @ found.rows.astype(np.float64) / weights.sum())
    return tuple(numbers), np.array(rows)


def _classify_file(
    folder: Path,
    path: Path,
    material: Material,
    classifier: "Classifier",
    options: ClassOptions,
) -> ClassifiedFile:
    from mvsearch.search.metrics.media import posteriors

    given: Any = classifier
    try:
        if material == "sound":
            found = posteriors.classify_sound(path, given, options.segment_seconds)
        else:
            found = posteriors.classify_frames(path, given, options.frames_per_second)
    except MediaError as error:
        raise refuse(path, str(error)) from error
    numbers, segments = average_segments(found, options.segment_seconds)
    if not numbers:
        raise refuse(path, "it shows something for too short a time")
    rows = found.rows.astype(np.float64)
    return ClassifiedFile(name_in(folder, path), rows, segments, numbers)
