"""Scores how many words of a query a line contains, sung or shown."""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mvsearch.search.query.words.hearing import find_heard
from mvsearch.search.query.words.spelling import find_alike_words
from mvsearch.store.catalog.reading.line_index import MAX_LETTERS, Lines, split_words
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.records import Matrix, Modality, Space

# Both measured: see docs/decisions/0014-lyric-search.md. Half of the words are little evidence, and
# many lines contain frequent words.
SHARE_POWER = 3
SURE_NATS = 2.0
# Weaker evidence is ignored; this is that of four words in ten of a line.
MIN_STRENGTH = 0.05
N_LINES = 150
# Where words are found as well as this, none was misheard.
SURE_STRENGTH = 0.9
# Of longer verses only these lines may be misheard: each takes as long as its search by words.
MAX_HEARD_LINES = 4

# The lines that hold the words of a query line, by that line and by video.
FoundLines = dict[str, dict[str, list["LineEvidence"]]]

_Spelled = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """A lyric line and the words of a query line in it.

    Attributes:
        strength: 0 to 1, the evidence of the words that the query means this line.
        words: the matching words of the text, exact or with typing errors, in the query's order.
        sounds_like: the part of the text that sounds like the query, where that is better evidence.
    """

    text: str
    strength: float
    words: tuple[str, ...]
    sounds_like: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class WordEvidence:
    """The evidence of words for the segments of a video, in addition to cosines.

    Attributes:
        strengths: (q, n) float32 for q query lines and the video's n segments, 0 for none.
        words: the matching words of each segment.
        sounds_like: the part of a segment that sounds like the query.
    """

    strengths: Matrix
    words: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    sounds_like: Mapping[int, str] = field(default_factory=dict)

    def combine(self, similarities: Matrix) -> Matrix:
        """Raise cosines (q, n) by the evidence; without evidence they do not change.

        Cosine and words are combined as independent evidence (noisy-or, Pearl 1988).
        """
        raised = 1 - (1 - np.maximum(similarities, 0)) * (1 - self.strengths)
        return np.where(self.strengths > 0, raised, similarities).astype(np.float32)

    def words_of(self, first: int, last: int) -> tuple[str, ...]:
        """The matching words of a range of segments, `last` included."""
        held = (word for row in range(first, last + 1) for word in self.words.get(row, ()))
        return tuple(dict.fromkeys(held))

    def sounds_of(self, first: int, last: int) -> str:
        """What sounds like the query in a range of segments, `last` included."""
        held = (self.sounds_like.get(row, "") for row in range(first, last + 1))
        return next((part for part in held if part), "")


class WordSearch:
    """Finds the words of the lines of a query: each line once, whatever its spaces are.

    Args:
        catalog: of the library.
        has_misheard: see `find_evidence`.
    """

    def __init__(self, catalog: Catalog, *, has_misheard: bool = True) -> None:
        self._catalog = catalog
        self._has_misheard = has_misheard
        self._known: dict[tuple[Modality, bool], FoundLines] = {}

    def find(
        self, space: Space, lines: Sequence[str], *, is_negative: bool = False
    ) -> dict[str, WordEvidence]:
        """See `find_evidence`; what only sounds like a line that is not wanted stays."""
        misheard = self._has_misheard and not is_negative
        known = self._known.setdefault((space.modality, misheard), {})
        return find_evidence(self._catalog, space, lines, known, has_misheard=misheard)


def find_evidence(
    catalog: Catalog,
    space: Space,
    lines: Sequence[str],
    known: FoundLines | None = None,
    *,
    has_misheard: bool = True,
) -> dict[str, WordEvidence]:
    """Find the videos whose lyric lines contain the words of a query's lines.

    Args:
        catalog: of the library.
        space: of lyrics or shown text; a segment is compared by its text.
        lines: q lines, one for each vector of the query.
        known: of lines that were looked up for another space already; new ones are added.
        has_misheard: whether sung lines count that sound like those of the query.

    Returns:
        WordEvidence by video id; empty if the catalogue has no index of words.
    """
    known = {} if known is None else known
    unknown = [line for line in dict.fromkeys(lines) if line not in known]
    lines_of: Lines = "ocr" if space.modality == "ocr" else "lyric"
    n_lines = catalog.n_lyric_lines(lines_of) if unknown else 0
    for at, line in enumerate(unknown):
        known[line] = find_lines(catalog, line, n_lines, lines_of)
        if has_misheard and lines_of == "lyric" and at < MAX_HEARD_LINES:
            known[line] = add_heard(catalog, line, known[line], n_lines)
    found = [known[line] for line in lines]
    video_ids = sorted({video_id for by_video in found for video_id in by_video})
    evidence = {}
    for video_id, texts in catalog.segment_texts(space.key, video_ids).items():
        strengths = np.zeros((len(lines), len(texts)), dtype=np.float32)
        words: dict[int, tuple[str, ...]] = {}
        heard: dict[int, str] = {}
        for at, by_video in enumerate(found):
            held = {one.text: one for one in by_video.get(video_id, ())}
            for row, text in enumerate(texts):
                if text in held:
                    strengths[at, row] = held[text].strength
                    words[row] = tuple(dict.fromkeys([*words.get(row, ()), *held[text].words]))
                    heard[row] = held[text].sounds_like or heard.get(row, "")
        if words:
            evidence[video_id] = WordEvidence(strengths, words, heard)
    return evidence


def find_lines(
    catalog: Catalog, query: str, n_lines: int | None = None, lines_of: Lines = "lyric"
) -> dict[str, list[LineEvidence]]:
    """Find the lines that contain words of one query line, by video, each text once.

    Words are weighted by inverse document frequency (Spärck Jones 1972). A word with typing errors
    counts less, by the share of wrong letters.

    Args:
        catalog: of the library.
        query: the line.
        n_lines: number of lines in the index of words; None counts them.
        lines_of: lyrics or the text that pictures show.
    """
    n_lines = catalog.n_lyric_lines(lines_of) if n_lines is None else n_lines
    asked = _cut(query[:MAX_LETTERS])
    matches = catalog.lyric_matches(query, N_LINES, n_lines, lines_of) if asked else []
    lines = {match.text: _cut(match.text) for match in matches}
    spelled = find_alike_words(asked, {word for words in lines.values() for word in words})
    words = {*asked, *(other for near in spelled.values() for other in near)}
    weights = _weigh(catalog, words, n_lines, lines_of)
    judged = {text: _judge(text, set(held), spelled, weights) for text, held in lines.items()}
    found: dict[str, dict[str, LineEvidence]] = {}
    for match in matches:
        if judged[match.text].strength >= MIN_STRENGTH:
            found.setdefault(match.video_id, {})[match.text] = judged[match.text]
    return {video_id: list(texts.values()) for video_id, texts in found.items()}


def add_heard(
    catalog: Catalog, query: str, found: dict[str, list[LineEvidence]], n_lines: int
) -> dict[str, list[LineEvidence]]:
    """Add the lines that sound like a query line, where none has its words.

    What a line has in common with the query in words and in sounds is not independent: the better
    evidence counts.

    Args:
        catalog: of the library.
        query: the line.
        found: its lines by words, by video.
        n_lines: the number of lines in the index of words.
    """
    if any(one.strength >= SURE_STRENGTH for lines in found.values() for one in lines):
        return found
    by_text = {video: {one.text: one for one in lines} for video, lines in found.items()}
    for heard in find_heard(catalog, query, n_lines):
        lines = by_text.setdefault(heard.video_id, {})
        known = lines.get(heard.text, LineEvidence(heard.text, 0.0, ()))
        if heard.strength > known.strength:
            lines[heard.text] = replace(known, strength=heard.strength, sounds_like=heard.words)
    return {video: list(lines.values()) for video, lines in by_text.items()}


def _cut(line: str) -> list[str]:
    """The distinct words of a line, in order; pairs of letters for scripts without spaces."""
    words: dict[str, None] = {}
    for word in split_words(line):
        if len(word) > 2 and any(unicodedata.category(letter) == "Lo" for letter in word):
            words.update(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))
        else:
            words[word] = None
    return list(words)


def _weigh(
    catalog: Catalog, words: Iterable[str], n_lines: int, lines_of: Lines
) -> dict[str, float]:
    """The inverse document frequency of each word, in nats."""
    counts = catalog.count_lyric_lines(words, lines_of)
    return {word: math.log(1 + max(1, n_lines) / (1 + n)) for word, n in counts.items()}


def _judge(
    text: str, words: set[str], spelled: _Spelled, weights: Mapping[str, float]
) -> LineEvidence:
    """Compare the weight of the words that a line contains with that of all query words."""
    held: list[str] = []
    found = wanted = 0.0
    for word, near in spelled.items():
        here = [
            (alike * weights[other], weights[other], other)
            for other, alike in near.items()
            if other in words
        ]
        gain, full, other = max(here, default=(0.0, weights[word], word))
        found += gain
        wanted += full
        held += [other] if here else []
    share = found / wanted if wanted else 0.0
    return LineEvidence(
        text, share**SHARE_POWER * -math.expm1(-found / SURE_NATS), tuple(dict.fromkeys(held))
    )
