"""Follows lines of text from frame to frame: each line once, with its times."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from mvsearch.indexer.lyrics.files.cleaning import clean_line
from mvsearch.indexer.ocr.reader import Reading
from mvsearch.store.records import MAX_LINE_LETTERS, ShownLine

# Below it, readings are guesses.
MIN_PROBABILITY = 0.7
# A line that the reader misses in one frame, as behind a flash, goes on.
MAX_MISSED = 1
# Of two readings of one line. Where both are sure, letters that differ are another line.
MIN_ALIKE = 0.7
SURE_PROBABILITY, MIN_ALIKE_IF_SURE = 0.95, 0.9
# Shares of the frame: text that goes farther rolls. Lines that are set anew jump by less.
MAX_SHIFT = 0.1
# Letters by which a text slides within its place: a ticker.
MIN_SLIDE, MIN_SHARED = 3, 6
# Two parts of one line: the gap in heights of the line.
MAX_GAP = 1.5
# A film of two hours with subtitles has about as many.
MAX_LINES = 3000


@dataclass(slots=True)
class _Track:
    """A line that is followed.

    Attributes:
        votes: the sum of the probabilities of each reading.
        before_seconds: of the last frame without it.
        after_seconds: of the first frame without it again; None while it is seen.
    """

    first: Reading
    last: Reading
    before_seconds: float
    last_seconds: float
    n_missed: int = 0
    after_seconds: float | None = None
    is_moving: bool = False
    first_seconds: float = 0.0
    votes: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reading: Reading, seconds: float) -> None:
        """Take the reading of a frame."""
        grows = is_growing(self.last.text, reading.text)
        if grows:  # a line whose words come one after the other: the parts do not count
            self.votes.clear()
        slid = measure_slide(self.last.text, reading.text)
        across, down = (
            abs(one - other)
            for one, other in zip(self.first.box.centre, reading.box.centre, strict=True)
        )
        is_far = down > MAX_SHIFT or (across > MAX_SHIFT and not grows)
        self.is_moving = self.is_moving or slid or is_far
        self.votes[reading.text].append(reading.probability)
        self.last, self.last_seconds, self.n_missed, self.after_seconds = reading, seconds, 0, None

    def finish(self, end_seconds: float) -> ShownLine:
        """The line, with the middle between two frames as start and end."""
        text, votes = max(self.votes.items(), key=lambda item: (sum(item[1]), item[0]))
        after = end_seconds if self.after_seconds is None else self.after_seconds
        start = (self.before_seconds + self.first_seconds) / 2
        end = max(start, (self.last_seconds + after) / 2)
        return ShownLine(text, start, end, min(1.0, sum(votes) / len(votes)), self.is_moving)


class LineTracker:
    """Joins the readings of the frames of a video to lines."""

    def __init__(self) -> None:
        self._open: list[_Track] = []
        self._lines: list[ShownLine] = []
        self._last_seconds: float | None = None

    def take(self, seconds: float, readings: Sequence[Reading]) -> None:
        """Take the readings of the next frame."""
        before = seconds if self._last_seconds is None else self._last_seconds
        waiting = list(self._open)
        for reading in join_rows([one for raw in readings for one in _clean(raw)]):
            alike = [(compare(track.last, reading), n) for n, track in enumerate(waiting)]
            likeness, at = max(alike, default=(0.0, 0))
            if likeness >= MIN_ALIKE:
                waiting.pop(at).add(reading, seconds)
            else:
                track = _Track(reading, reading, before, seconds, first_seconds=seconds)
                track.votes[reading.text].append(reading.probability)
                self._open.append(track)
        for track in waiting:
            track.n_missed += 1
            track.after_seconds = track.after_seconds or seconds
        self._close([track for track in waiting if track.n_missed > MAX_MISSED], seconds)
        self._last_seconds = seconds

    def finish(self, end_seconds: float) -> tuple[ShownLine, ...]:
        """The lines in the order of time, at most `MAX_LINES`."""
        end = max(end_seconds, self._last_seconds or 0.0)
        self._close(list(self._open), end)
        return tuple(sorted(self._lines, key=lambda line: (line.start_seconds, line.text)))

    def _close(self, tracks: Sequence[_Track], end_seconds: float) -> None:
        for track in tracks:
            self._open.remove(track)
            if len(self._lines) < MAX_LINES:
                self._lines.append(track.finish(end_seconds))


def compare(one: Reading, other: Reading) -> float:
    """How likely two readings of different frames are one line, from 0 to 1."""
    if one.text == other.text:
        return 1.0
    if one.box.overlap_rows(other.box) > 0.5 and is_growing(one.text, other.text):
        return 0.95
    from rapidfuzz.fuzz import ratio

    alike = ratio(one.text.casefold(), other.text.casefold()) / 100
    is_sure = min(one.probability, other.probability) >= SURE_PROBABILITY
    return 0.0 if is_sure and alike < MIN_ALIKE_IF_SURE else alike


def is_growing(text: str, longer: str) -> bool:
    """Whether a text is the beginning of a longer one, by a letter or more."""
    return len(longer) > len(text) and longer.casefold().startswith(text.casefold())


def measure_slide(text: str, later: str) -> bool:
    """Whether a text has slid to one side within its place, as in a ticker."""
    if text == later:
        return False
    match = SequenceMatcher(None, text, later, autojunk=False).find_longest_match()
    return match.size >= MIN_SHARED and match.a - match.b >= MIN_SLIDE


def join_rows(readings: Sequence[Reading]) -> list[Reading]:
    """Join parts of one line: beside each other, of one height, a small gap apart."""
    joined: list[Reading] = []
    for reading in sorted(readings, key=lambda one: one.box.left):
        at = next((n for n, one in enumerate(joined) if _is_beside(one, reading)), None)
        if at is None:
            joined.append(reading)
            continue
        one = joined[at]
        text = f"{one.text} {reading.text}"[:MAX_LINE_LETTERS]
        probability = min(one.probability, reading.probability)
        joined[at] = Reading(text, probability, one.box.unite(reading.box))
    return sorted(joined, key=lambda one: (one.box.top, one.box.left))


def _is_beside(one: Reading, other: Reading) -> bool:
    height = max(one.box.height, other.box.height)
    is_alike = min(one.box.height, other.box.height) > 0.6 * height
    # A frame is wider than high; its shares are of different lengths.
    gap = (other.box.left - one.box.right) * 16 / 9
    return is_alike and one.box.overlap_rows(other.box) > 0.6 and gap < MAX_GAP * height


def _clean(reading: Reading) -> list[Reading]:
    """A reading as plain text of bounded length; nothing if it is a guess or hardly letters."""
    text = clean_line(reading.text[: 2 * MAX_LINE_LETTERS])[:MAX_LINE_LETTERS].strip()
    n_letters = sum(letter.isalpha() for letter in text)
    if n_letters < 2 or 2 * n_letters < len(text) or not reading.probability >= MIN_PROBABILITY:
        return []
    return [Reading(text, min(1.0, reading.probability), reading.box)]
