"""Finds lines by their words, with tolerance for spelling: the full-text indexes of lines (FTS5).

Lyrics and the text that pictures show have two indexes each: words as FTS5 tokenizes them (letters
and digits, without case and accents), and trigrams, which tolerate typing errors and need no spaces
between words. Terms are always quoted, so that none is an operator.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import Connection, text

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
MIN_PIECE = 5
N_ENDINGS = 50

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


@dataclass(frozen=True, slots=True)
class _Table:
    """A full-text index, and the table that numbers its lines."""

    name: str
    key: str


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
    terms_by_table = {
        "word": _word_terms(line),
        "gram": _trigram_terms(connection, lines, line),
    }
    for kind, terms in terms_by_table.items():
        table = _Table(f"{lines}_{kind}", f"{lines}_key")
        for line_id, bm25 in _find(connection, table, terms, n_lines, limit):
            found[line_id] = max(bm25, found.get(line_id, 0.0))
    return _read(connection, lines, found)


def count_words(connection: Connection, lines: Lines, words: Iterable[str]) -> dict[str, int]:
    """The number of lines that contain each word."""
    table = _Table(f"{lines}_word", f"{lines}_key")
    return {word: _count(connection, table, _quote(word)) for word in dict.fromkeys(words)}


def _clean(line: str) -> str:
    """A text for SQLite: without lone surrogates and NUL, with single spaces."""
    whole = line[: 4 * MAX_LETTERS].encode("utf-8", "replace").decode()
    return " ".join(whole.replace("\0", " ").split())[:MAX_LETTERS]


def has_index(connection: Connection, lines: Lines = "lyric") -> bool:
    """Whether there is a full-text index: on SQLite with FTS5."""
    return has_full_text(connection, f"{lines}_gram_term")


def has_full_text(connection: Connection, table: str) -> bool:
    """Whether there is a table of full-text search, and this SQLite can read it."""
    if connection.dialect.name != "sqlite":
        return False
    known = "SELECT count(*) FROM sqlite_master WHERE name = :table"
    built = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
    return bool(connection.scalar(text(known), {"table": table})) and bool(
        connection.scalar(text(built))
    )


def count_lines(connection: Connection, lines: Lines) -> int:
    """The number of lines; of all tables with a row per line, this one is the fastest."""
    return connection.scalar(text(f"SELECT count(*) FROM {lines}_word_docsize")) or 0


def _quote(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _word_terms(line: str) -> list[str]:
    """The words, as FTS5 tokenizes them and with apostrophes removed."""
    words = _WORDS.findall(line.lower()) + split_words(line)
    return [_quote(word) for word in dict.fromkeys(words)]


def _trigram_terms(connection: Connection, lines: Lines, line: str) -> list[str]:
    """The trigrams; in scripts without spaces, also the completions of short words."""
    framed = f" {line.lower()} "
    grams = [framed[at : at + 3] for at in range(len(framed) - 2)]
    for word in line.lower().split():
        if len(word) < 3 and any(unicodedata.category(mark) in {"Lo", "So"} for mark in word):
            grams += _find_endings(connection, lines, word)
    return [_quote(gram) for gram in dict.fromkeys(grams)]


def _find_endings(connection: Connection, lines: Lines, start: str) -> Sequence[str]:
    """The indexed trigrams that begin with one or two letters."""
    table = f"{lines}_gram_term"
    query = text(f"SELECT term FROM {table} WHERE term >= :low AND term < :high LIMIT :n")
    span = {"low": start, "high": start + "\U0010ffff", "n": N_ENDINGS}
    return connection.scalars(query, span).all()


def _count(connection: Connection, table: _Table, term: str, limit: int = -1) -> int:
    """The number of lines that match, counted up to a limit (FTS5: 20 ns per line)."""
    rows = f"SELECT rowid FROM {table.name} WHERE {table.name} MATCH :term LIMIT :n"
    query = text(f"SELECT count(*) FROM ({rows})")
    return connection.scalar(query, {"term": term, "n": limit}) or 0


def _find(
    connection: Connection, table: _Table, terms: Sequence[str], n_lines: int, limit: int
) -> list[tuple[int, float]]:
    """Lines with any of the rarer terms, ranked; then lines with a whole piece of the text."""
    counted = sorted((_count(connection, table, term, N_RANKED + 1), term) for term in terms)
    held = [(n, term) for n, term in counted if n]
    rare: list[str] = []
    n_ranked = 0
    for n, term in held:
        if n_ranked + n > N_RANKED and n_lines > N_RANKED:
            break
        rare.append(term)
        n_ranked += n
    found = _rank(connection, table, rare, limit) if rare else []
    if len(rare) < len(held):
        found += _match_pieces(connection, table, terms, limit)
    return found


def _rank(
    connection: Connection, table: _Table, terms: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    # FTS5's rank is lower for better lines. Ties are not broken by rowid, which depends on the
    # history of the library.
    query = text(
        f"SELECT id, -rank FROM {table.name} JOIN {table.key} ON id = {table.name}.rowid"
        f" WHERE {table.name} MATCH :terms ORDER BY rank, video_id, position LIMIT :n"
    )
    rows = connection.execute(query, {"terms": " OR ".join(terms), "n": limit})
    return [(line_id, bm25) for line_id, bm25 in rows]


def _match_pieces(
    connection: Connection, table: _Table, terms: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    """Lines that contain a whole piece of a text, unranked, because there may be very many.

    With fewer errors than pieces, one piece has no error (pigeonhole principle).
    """
    least = MIN_PIECE - 2 if table.name.endswith("_gram") else 2
    size = max(least, -(-len(terms) // N_PIECES))
    pieces = [terms[at : at + size] for at in range(0, len(terms), size)] + [terms]
    query = text(
        f"SELECT id FROM {table.name} JOIN {table.key} ON id = {table.name}.rowid"
        f" WHERE {table.name} MATCH :terms ORDER BY video_id, position LIMIT :n"
    )
    found: list[tuple[int, float]] = []
    for piece in pieces:
        if len(piece) >= least:
            values = {"terms": " AND ".join(piece), "n": limit}
            found += ((line_id, 0.0) for line_id in connection.scalars(query, values))
    return found


def _read(connection: Connection, lines: Lines, found: dict[int, float]) -> list[LineMatch]:
    row = LyricLineRow if lines == "lyric" else ShownLineRow
    columns = (row.video_id, row.position, row.text, row.start_seconds, row.end_seconds)
    query = text(
        f"SELECT {lines}_line.video_id, {lines}_line.position, text, start_seconds, end_seconds, id"
        f" FROM {lines}_key JOIN {lines}_line USING (video_id, position)"
        " WHERE id IN (SELECT value FROM json_each(:ids))"
    ).columns(*columns)
    rows = connection.execute(query, {"ids": f"[{','.join(map(str, found))}]"})
    matches = [
        LineMatch(video_id, position, line, start, end, found[line_id])
        for video_id, position, line, start, end, line_id in rows
    ]
    return sorted(matches, key=lambda match: (-match.bm25, match.video_id, match.position))
