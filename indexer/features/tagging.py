"""Turns the class probabilities of frames into tags with time ranges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mvsearch.store.records import Matrix, Segment, Tag

# Frames follow on each other when one begins where the other ends, but for rounding.
_SAME_TIME_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class TagOptions:
    """When a class is believed: two thresholds, as edges are followed (Canny 1986).

    A tag lasts as long as its class has `follow_from` in every frame, and is believed where one of
    these frames has `believe_from`.

    Attributes:
        follow_from, believe_from: posteriors.
        n_frames: a tag has so many frames at least, unless the file has fewer: what is seen in a
            single frame is wrong more often than not.
    """

    follow_from: float = 0.15
    believe_from: float = 0.3
    n_frames: int = 2


class Tagger:
    """Takes the posteriors of a file as they come; holds only what may become a tag."""

    def __init__(self, labels: Sequence[str], options: TagOptions = TagOptions()) -> None:
        self._labels = labels
        self._options = options
        self._seen: dict[str, dict[int, float]] = {}
        self._n_frames = 0

    def take(self, posterior: Matrix) -> None:
        """Note the likely classes of the next (n, labels) frames; of one name, they add up."""
        rows, places = (posterior >= self._options.follow_from).nonzero()
        for row, place in zip(rows.tolist(), places.tolist(), strict=True):
            frames = self._seen.setdefault(self._labels[place], {})
            number = self._n_frames + row
            frames[number] = min(1.0, frames.get(number, 0.0) + float(posterior[row, place]))
        self._n_frames += len(posterior)

    def finish(self, segments: Sequence[Segment]) -> tuple[Tag, ...]:
        """The tags, the surest first.

        Args:
            segments: of all frames that were taken, in their order.
        """
        least = min(self._options.n_frames, len(segments))
        tags = [
            Tag(
                name,
                segments[run[0]].start_seconds or 0.0,
                segments[run[-1]].end_seconds or 0.0,
                surest,
            )
            for name, frames in self._seen.items()
            for run in _find_runs(sorted(frames), segments)
            if len(run) >= least
            and (surest := max(frames[number] for number in run)) >= self._options.believe_from
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
