"""Turns the class probabilities of frames and windows of sound into tags with time ranges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mvsearch.store.records import Matrix, Modality, Segment, Tag

# Tolerance for rounding between the end of a frame and the start of the next.
_SAME_TIME_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class TagOptions:
    """The hysteresis thresholds of tags (Canny 1986).

    Attributes:
        low_threshold: posterior that each frame of a tag has at least.
        high_threshold: posterior that one frame of a tag has at least.
        n_frames: minimum number of frames of a tag, unless the file has fewer. Most classes that
            are seen in a single frame only are wrong.
    """

    low_threshold: float = 0.15
    high_threshold: float = 0.3
    n_frames: int = 2


class Tagger:
    """Turns a stream of posteriors into tags; holds only those above the low threshold."""

    def __init__(
        self,
        labels: Sequence[str],
        options: TagOptions = TagOptions(),
        modality: Modality = "frames",
    ) -> None:
        self._labels = labels
        self._modality = modality
        self._options = options
        self._seen: dict[str, dict[int, float]] = {}
        self._n_frames = 0

    def take(self, posterior: Matrix) -> None:
        """Read the (n, c) posteriors of the next frames; those of classes of one name are added."""
        rows, places = (posterior >= self._options.low_threshold).nonzero()
        for row, place in zip(rows.tolist(), places.tolist(), strict=True):
            frames = self._seen.setdefault(self._labels[place], {})
            number = self._n_frames + row
            frames[number] = min(1.0, frames.get(number, 0.0) + float(posterior[row, place]))
        self._n_frames += len(posterior)

    def finish(self, segments: Sequence[Segment]) -> tuple[Tag, ...]:
        """Return the tags, the most probable first.

        Args:
            segments: of all frames, in the order of `take`.
        """
        least = min(self._options.n_frames, len(segments))
        tags = [
            Tag(
                name,
                segments[run[0]].start_seconds or 0.0,
                segments[run[-1]].end_seconds or 0.0,
                surest,
                self._modality,
            )
            for name, frames in self._seen.items()
            for run in _find_runs(sorted(frames), segments)
            if len(run) >= least
            and (surest := max(frames[number] for number in run)) >= self._options.high_threshold
        ]
        return tuple(sorted(tags, key=lambda tag: (-tag.probability, tag.start_seconds, tag.name)))


def _find_runs(numbers: Sequence[int], segments: Sequence[Segment]) -> Iterator[list[int]]:
    """Split frame numbers where one is missing, or where time passes between two frames."""
    run: list[int] = []
    for number in numbers:
        if run and not (number == run[-1] + 1 and _touch(segments[run[-1]], segments[number])):
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _touch(one: Segment, other: Segment) -> bool:
    end, start = one.end_seconds or 0.0, other.start_seconds or 0.0
    return start - end <= _SAME_TIME_SECONDS
