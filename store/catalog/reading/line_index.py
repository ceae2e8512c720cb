"""Finds lines by their words, with tolerance for spelling: the full-text indexes of lines.

Lyrics and the text that pictures show have two indexes each: words (letters and digits, without
case and accents), and trigrams, which tolerate typing errors and need no spaces between words. They
are those of FTS5 on SQLite, and tables of arrays on PostgreSQL, where the same is found.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from sqlalchemy import Connection, text

from mvsearch.store.catalog.reading.full_text import FullTextIndex, has_full_text, quote
from mvsearch.store.catalog.reading.postgresql.terms import open_terms
from mvsearch.store.database.tables import LyricLineRow, ShownLineRow
from mvsearch.store.unicode import normalise

# Whose lines; also the beginning of the names of their tables.
Lines = Literal["lyric", "ocr"]
LINES: tuple[Lines, ...] = get_args(Lines)

# Longer texts are cut: no sung line is longer.
MAX_LETTERS = 1000
# Approximate maximum number of lines ranked for a text; FTS5 ranks 250,000 per second.
N_RANKED = 4000
# A text is divided into this many pieces: with fewer errors, one piece has no error.
N_PIECES = 4

_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class LineMatch:
    """A line that shares words or trigrams with a text.

    Attributes:
        position: of the line among those of its video.
        bm25: relevance, higher is better (Robertson and Zaragoza, "The Probabilistic Relevance
            Framework: BM25 and Beyond", 2009), the maximum of words and trigrams; 0 if the line
            was not ranked.
    """

    video_id: str
    position: int
    text: str
    start_seconds: float | None
    end_seconds: float | None
    bm25: float


def split_words(line: str) -> list[str]:
    """Split a text into words in lower case, without accents.

    Words are as in FTS5, except that an apostrophe joins: "can't" is "cant".
    """
    return _WORDS.findall(_fold(line.replace("'", "").replace("’", "")))


def _fold(line: str) -> str:
    if line.isascii():
        return line.lower()
    letters = (mark for mark in normalise(line, "NFD") if not _is_accent(mark))
    return normalise("".join(letters)).lower()


def _is_accent(mark: str) -> bool:
    """Whether a combining mark is an accent; in other scripts marks are letters."""
    return "\u0300" <= mark <= "\u036f"


class TermIndex(Protocol):
    """A full-text index of lines, by one kind of terms, in one state of the database.

    Attributes:
        least: the fewest terms that are a piece of a text.
    """

    least: int

    def count(self, terms: Sequence[str], most: int | None = None) -> list[int]:
        """The number of lines with each term, counted up to a limit."""

    def rank(self, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """The numbers of the best lines with any of the terms, and their BM25."""

    def score(self, terms: Sequence[str]) -> tuple[str, dict[str, object]]:
        """A query for the numbers (id) of the lines with any of the terms and their BM25 (bm25)."""

    def match(self, terms: Sequence[str], limit: int) -> list[int]:
        """The numbers of lines with all of the terms, in the order of videos."""

    def count_all(self) -> int:
        """The number of lines."""

    def choose(self, ids: Sequence[int]) -> tuple[str, object]:
        """The table that numbers the lines with a condition on `:ids`, and the value of `:ids`."""

    def find_endings(self, start: str) -> Sequence[str]:
        """The first indexed terms that begin with one or two letters, at most `N_ENDINGS`."""


def find_matches(
    connection: Connection, lines: Lines, line: str, limit: int, n_lines: int
) -> list[LineMatch]:
    """Find the lines that share words or trigrams with a text, best first.

    Lines are searched by the rarer terms of the text; frequent terms alone find a line only if
    it contains a whole piece of the text.

    Args:
        connection: of the database, which has the index.
        lines: whose lines.
        line: any text; only `MAX_LETTERS` of it are used.
        limit: maximum number of lines by words, and by trigrams.
        n_lines: the number of lines in the index.
    """
    line = _clean(line)
    found: dict[int, float] = {}
    words, grams = _open(connection, lines, "word"), _open(connection, lines, "gram")
    for index, terms in (words, _word_terms(line)), (grams, _trigram_terms(grams, line)):
        for line_id, bm25 in _find(index, terms, n_lines, limit):
            found[line_id] = max(bm25, found.get(line_id, 0.0))
    return _read(connection, lines, found)


def count_words(connection: Connection, lines: Lines, words: Iterable[str]) -> dict[str, int]:
    """The number of lines that contain each word."""
    asked = list(dict.fromkeys(words))
    return dict(zip(asked, _open(connection, lines, "word").count(asked), strict=True))


def has_index(connection: Connection, lines: Lines = "lyric") -> bool:
    """Whether there is a full-text index: on PostgreSQL, and on SQLite with FTS5."""
    return has_full_text(connection, f"{lines}_gram_term")


def count_lines(connection: Connection, lines: Lines) -> int:
    """The number of lines."""
    return _open(connection, lines, "word").count_all()


def _open(connection: Connection, lines: Lines, kind: Literal["word", "gram"]) -> TermIndex:
    """The index of a database; the one place that chooses between the kinds of databases."""
    if connection.dialect.name == "postgresql":
        return open_terms(connection, lines, kind)
    return FullTextIndex(connection, f"{lines}_{kind}", f"{lines}_key")


def _clean(line: str) -> str:
    """A text for a database: without lone surrogates and NUL, with single spaces."""
    whole = line[: 4 * MAX_LETTERS].encode("utf-8", "replace").decode()
    return " ".join(whole.replace("\0", " ").split())[:MAX_LETTERS]


def _word_terms(line: str) -> list[str]:
    """The words, as they are indexed and with apostrophes removed."""
    return list(dict.fromkeys(_WORDS.findall(line.lower()) + split_words(line)))


def _trigram_terms(index: TermIndex, line: str) -> list[str]:
    """The trigrams; in scripts without spaces, also the completions of short words."""
    framed = f" {line.lower()} "
    grams = [framed[at : at + 3] for at in range(len(framed) - 2)]
    for word in line.lower().split():
        if len(word) < 3 and any(unicodedata.category(mark) in {"Lo", "So"} for mark in word):
            grams += index.find_endings(word)
    return list(dict.fromkeys(grams))


def _find(
    index: TermIndex, terms: Sequence[str], n_lines: int, limit: int
) -> list[tuple[int, float]]:
    """Lines with any of the rarer terms, ranked; then lines with a whole piece of the text."""
    counts = zip(index.count(terms, N_RANKED + 1), terms, strict=True)
    held = sorted(((n, term) for n, term in counts if n), key=lambda one: (one[0], quote(one[1])))
    rare: list[str] = []
    n_ranked = 0
    for n, term in held:
        if n_ranked + n > N_RANKED and n_lines > N_RANKED:
            break
        rare.append(term)
        n_ranked += n
    found = index.rank(rare, limit) if rare else []
    if len(rare) < len(held):
        found += _match_pieces(index, terms, limit)
    return found


def _match_pieces(index: TermIndex, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
    """Lines that contain a whole piece of a text, unranked, because there may be very many.

    With fewer errors than pieces, one piece has no error (pigeonhole principle).
    """
    size = max(index.least, -(-len(terms) // N_PIECES))
    pieces = [terms[at : at + size] for at in range(0, len(terms), size)] + [terms]
    found: list[tuple[int, float]] = []
    for piece in pieces:
        if len(piece) >= index.least:
            found += ((line_id, 0.0) for line_id in index.match(piece, limit))
    return found


def _read(connection: Connection, lines: Lines, found: dict[int, float]) -> list[LineMatch]:
    row = LyricLineRow if lines == "lyric" else ShownLineRow
    columns = (row.video_id, row.position, row.text, row.start_seconds, row.end_seconds)
    chosen, ids = _open(connection, lines, "word").choose(sorted(found))
    query = text(
        f"SELECT {lines}_line.video_id, {lines}_line.position, text, start_seconds, end_seconds, id"
        f" FROM {lines}_line JOIN {chosen}"
    ).columns(*columns)
    matches = [
        LineMatch(video_id, position, line, start, end, found[line_id])
        for video_id, position, line, start, end, line_id in connection.execute(query, {"ids": ids})
    ]
    return sorted(matches, key=lambda match: (-match.bm25, match.video_id, match.position))
