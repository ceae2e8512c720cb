"""Finds lyric lines by their words, with tolerance for spelling (SQLite FTS5).

Words are found as SQLite's FTS5 cuts them (letters and digits, whatever their case and accents),
and so are groups of three letters, which survive typing errors and need no spaces between words.
What FTS5 would read as an operator is always within quotes.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select, text

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.tables import EmbeddingRow, LyricLineRow
from mvsearch.store.database.vector_rows import read_texts
from mvsearch.store.unicode import normalise

Table = Literal["lyric_word", "lyric_gram"]

# The rest of a longer text is not looked for: no sung line is longer.
MAX_LETTERS = 1000
# At most about so many lines are ranked for one text; FTS5 ranks 250,000 a second.
N_RANKED = 4000
# A text is cut into so many pieces: with one error fewer, one of them is as it was written.
N_PIECES = 4
MIN_PIECE = 5
N_ENDINGS = 50

_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class LineMatch:
    """A line that shares words, or parts of them, with a text.

    Attributes:
        position: of the line among its video's lyrics.
        bm25: how well it matches, higher is better (Robertson and Zaragoza, "The Probabilistic
            Relevance Framework: BM25 and Beyond", 2009), the better of words and of letters;
            0 where it was found without being ranked.
    """

    video_id: str
    position: int
    text: str
    start_seconds: float | None
    end_seconds: float | None
    bm25: float


def split_words(line: str) -> list[str]:
    """The words of a text in lower case, without accents; nearly as FTS5 has them.

    Unlike there, an apostrophe joins: "can't" is "cant".
    """
    return _WORDS.findall(_fold(line.replace("'", "").replace("’", "")))


def _fold(line: str) -> str:
    if line.isascii():
        return line.lower()
    letters = (mark for mark in normalise(line, "NFD") if not _is_accent(mark))
    return normalise("".join(letters)).lower()


def _is_accent(mark: str) -> bool:
    """Whether a mark is one of Latin, Greek and Cyrillic; in other scripts marks are letters."""
    return "\u0300" <= mark <= "\u036f"


class LineReader(DatabaseReader):
    """Questions about the words of all lyrics."""

    def n_lyric_lines(self) -> int:
        """How many lines the index of words holds; 0 where there is no index."""
        with self._database.reading() as session:
            connection = session.connection()
            return _count_lines(connection) if has_index(connection) else 0

    def count_lyric_lines(self, words: Iterable[str]) -> dict[str, int]:
        """In how many lines each word is sung."""
        with self._database.reading() as session:
            connection = session.connection()
            if not has_index(connection):
                return {}
            return {
                word: _count(connection, "lyric_word", _quote(word))
                for word in dict.fromkeys(words)
            }

    def lyric_matches(
        self, line: str, limit: int = 200, n_lines: int | None = None
    ) -> list[LineMatch]:
        """The lines that share words or groups of letters with a text, best first.

        Rare words and groups decide which lines are looked at: those that a large part of all
        lines hold are left to the ranking of the lines found.

        Args:
            line: anything; beyond `MAX_LETTERS` it is not read.
            limit: at most so many by words, and as many by letters.
            n_lines: what `n_lyric_lines` says; None to count them.

        Returns:
            None at all where there is no index: on another database, or without FTS5.
        """
        line = _clean(line)
        n_lines = self.n_lyric_lines() if n_lines is None else n_lines
        if not n_lines:
            return []
        with self._database.reading() as session:
            connection = session.connection()
            found: dict[int, float] = {}
            asked: dict[Table, list[str]] = {
                "lyric_word": _ask_words(line),
                "lyric_gram": _ask_grams(connection, line),
            }
            for table, terms in asked.items():
                for line_id, bm25 in _find(connection, table, terms, n_lines, limit):
                    found[line_id] = max(bm25, found.get(line_id, 0.0))
            return _read(connection, found)

    def segment_texts(self, space_key: str, video_ids: Sequence[str]) -> dict[str, list[str]]:
        """The texts of videos' segments in a space, by video id, each in the segments' order."""
        query = select(EmbeddingRow.video_id, EmbeddingRow.texts).where(
            EmbeddingRow.space_key == space_key
        )
        texts: dict[str, list[str]] = {}
        with self._database.reading() as session:
            for some in in_batches(video_ids):
                for row in session.execute(query.where(EmbeddingRow.video_id.in_(some))):
                    texts[row.video_id] = read_texts(row)
        return texts


def _clean(line: str) -> str:
    """A text that SQLite takes: no lone surrogate, no NUL, one space between words."""
    whole = line[: 4 * MAX_LETTERS].encode("utf-8", "replace").decode()
    return " ".join(whole.replace("\0", " ").split())[:MAX_LETTERS]


def has_index(connection: Connection) -> bool:
    """Whether there is an index of words: not on another database, nor without FTS5."""
    if connection.dialect.name != "sqlite":
        return False
    known = "SELECT count(*) FROM sqlite_master WHERE name = 'lyric_gram_term'"
    built = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
    return all(connection.scalar(text(question)) for question in (known, built))


def _count_lines(connection: Connection) -> int:
    """How many lines there are; of all tables with a row a line, this one is read fastest."""
    return connection.scalar(text("SELECT count(*) FROM lyric_word_docsize")) or 0


def _quote(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _ask_words(line: str) -> list[str]:
    """Every word, as FTS5 cuts it and with its apostrophes left out."""
    words = _WORDS.findall(line.lower()) + split_words(line)
    return [_quote(word) for word in dict.fromkeys(words)]


def _ask_grams(connection: Connection, line: str) -> list[str]:
    """Every group of three letters; of a short word without spaces around it, how it may go on."""
    framed = f" {line.lower()} "
    grams = [framed[at : at + 3] for at in range(len(framed) - 2)]
    for word in line.lower().split():
        if len(word) < 3 and any(unicodedata.category(mark) in {"Lo", "So"} for mark in word):
            grams += _find_endings(connection, word)
    return [_quote(gram) for gram in dict.fromkeys(grams)]


def _find_endings(connection: Connection, start: str) -> Sequence[str]:
    """The groups of three letters that begin with one or two."""
    question = text("SELECT term FROM lyric_gram_term WHERE term >= :low AND term < :high LIMIT :n")
    span = {"low": start, "high": start + "\U0010ffff", "n": N_ENDINGS}
    return connection.scalars(question, span).all()


def _count(connection: Connection, table: Table, ask: str, limit: int = -1) -> int:
    """In how many lines something stands; not counted beyond a limit (FTS5: 20 ns a line)."""
    question = text(
        f"SELECT count(*) FROM (SELECT rowid FROM {table} WHERE {table} MATCH :ask LIMIT :n)"
    )
    return connection.scalar(question, {"ask": ask, "n": limit}) or 0


def _find(
    connection: Connection, table: Table, terms: Sequence[str], n_lines: int, limit: int
) -> list[tuple[int, float]]:
    """Lines with any of the rarer terms, ranked; then lines with whole pieces of the text."""
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
    connection: Connection, table: Table, terms: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    # FTS5's own bm25 is lower for the better. The number of a line tells how the library came to
    # be what it is, so among equals it decides nothing.
    question = text(
        f"SELECT id, -rank FROM {table} JOIN lyric_key ON id = {table}.rowid"
        f" WHERE {table} MATCH :ask ORDER BY rank, video_id, position LIMIT :n"
    )
    rows = connection.execute(question, {"ask": " OR ".join(terms), "n": limit})
    return [(line_id, bm25) for line_id, bm25 in rows]


def _match_pieces(
    connection: Connection, table: Table, terms: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    """Lines that hold a whole piece of a text; unranked, for there may be very many of them.

    With fewer errors than pieces one piece is as it was written (the pigeonhole principle).
    """
    least = MIN_PIECE - 2 if table == "lyric_gram" else 2
    size = max(least, -(-len(terms) // N_PIECES))
    pieces = [terms[at : at + size] for at in range(0, len(terms), size)] + [terms]
    question = text(
        f"SELECT id FROM {table} JOIN lyric_key ON id = {table}.rowid"
        f" WHERE {table} MATCH :ask ORDER BY video_id, position LIMIT :n"
    )
    found: list[tuple[int, float]] = []
    for piece in pieces:
        if len(piece) >= least:
            asked = {"ask": " AND ".join(piece), "n": limit}
            found += ((line_id, 0.0) for line_id in connection.scalars(question, asked))
    return found


def _read(connection: Connection, found: dict[int, float]) -> list[LineMatch]:
    row = LyricLineRow
    columns = (row.video_id, row.position, row.text, row.start_seconds, row.end_seconds)
    question = text(
        "SELECT lyric_line.video_id, lyric_line.position, text, start_seconds, end_seconds, id"
        " FROM lyric_key JOIN lyric_line USING (video_id, position)"
        " WHERE id IN (SELECT value FROM json_each(:ids))"
    ).columns(*columns)
    rows = connection.execute(question, {"ids": f"[{','.join(map(str, found))}]"})
    matches = [
        LineMatch(video_id, position, line, start, end, found[line_id])
        for video_id, position, line, start, end, line_id in rows
    ]
    return sorted(matches, key=lambda match: (-match.bm25, match.video_id, match.position))
