"""Reads lyrics, and finds lines by their words, with tolerance for spelling (SQLite FTS5).

Two full-text indexes are searched: words as FTS5 tokenizes them (letters and digits, without case
and accents), and trigrams, which tolerate typing errors and need no spaces between words. Terms are
always quoted, so that none is an operator.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select, text

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows import rows_to_lyrics
from mvsearch.store.database.tables import EmbeddingRow, LyricLineRow, LyricsRow
from mvsearch.store.database.vector_rows import read_texts
from mvsearch.store.records import Lyrics
from mvsearch.store.unicode import normalise

Table = Literal["lyric_word", "lyric_gram"]

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
        position: of the line in the lyrics of its video.
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


class LyricsReader(DatabaseReader):
    """Reads lyrics and searches their lines; each call reads one state of the database."""

    def lyrics(self, video_id: str) -> Lyrics | None:
        """The lyrics of a video with their source; None if it has none."""
        lines = select(LyricLineRow).where(LyricLineRow.video_id == video_id)
        with self._database.reading() as session:
            row = session.get(LyricsRow, video_id)
            if row is None:
                return None
            ordered = session.scalars(lines.order_by(LyricLineRow.position)).all()
            return rows_to_lyrics(row, ordered)

    def n_lyric_lines(self) -> int:
        """The number of lines in the full-text index; 0 without an index."""
        with self._database.reading() as session:
            connection = session.connection()
            return _count_lines(connection) if has_index(connection) else 0

    def count_lyric_lines(self, words: Iterable[str]) -> dict[str, int]:
        """The number of lines that contain each word; empty without an index."""
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
        """Find the lines that share words or trigrams with a text, best first.

        Lines are searched by the rarer terms of the text; frequent terms alone find a line only if
        it contains a whole piece of the text.

        Args:
            line: any text; only `MAX_LETTERS` of it are used.
            limit: maximum number of lines by words, and by trigrams.
            n_lines: the result of `n_lyric_lines`; None to count them.

        Returns:
            The lines; empty without an index, that is on another database or without FTS5.
        """
        line = _clean(line)
        n_lines = self.n_lyric_lines() if n_lines is None else n_lines
        if not n_lines:
            return []
        with self._database.reading() as session:
            connection = session.connection()
            found: dict[int, float] = {}
            terms_by_table: dict[Table, list[str]] = {
                "lyric_word": _word_terms(line),
                "lyric_gram": _trigram_terms(connection, line),
            }
            for table, terms in terms_by_table.items():
                for line_id, bm25 in _find(connection, table, terms, n_lines, limit):
                    found[line_id] = max(bm25, found.get(line_id, 0.0))
            return _read(connection, found)

    def segment_texts(self, space_key: str, video_ids: Sequence[str]) -> dict[str, list[str]]:
        """The texts of the segments of videos in a space, by video id, in time order."""
        query = select(EmbeddingRow.video_id, EmbeddingRow.texts).where(
            EmbeddingRow.space_key == space_key
        )
        texts: dict[str, list[str]] = {}
        with self._database.reading() as session:
            for some in in_batches(video_ids):
                for row in session.execute(query.where(EmbeddingRow.video_id.in_(some))):
                    texts[row.video_id] = read_texts(row)
        return texts

    def find_sung_in_others(self, language: str) -> set[str]:
        """The ids of videos whose lyrics are known to be in another language."""
        query = select(LyricsRow.video_id).where(LyricsRow.language != language)
        with self._database.reading() as session:
            return set(session.scalars(query))

    def find_lacking(self, space_key: str, other_key: str) -> list[str]:
        """The ids of videos that have segments in the other space and none in this, in order."""
        made = select(EmbeddingRow.video_id).where(EmbeddingRow.space_key == space_key)
        query = (
            select(EmbeddingRow.video_id)
            .where(EmbeddingRow.space_key == other_key, EmbeddingRow.video_id.not_in(made))
            .order_by(EmbeddingRow.video_id)
        )
        with self._database.reading() as session:
            return list(session.scalars(query))


def _clean(line: str) -> str:
    """A text for SQLite: without lone surrogates and NUL, with single spaces."""
    whole = line[: 4 * MAX_LETTERS].encode("utf-8", "replace").decode()
    return " ".join(whole.replace("\0", " ").split())[:MAX_LETTERS]


def has_index(connection: Connection) -> bool:
    """Whether there is a full-text index: on SQLite with FTS5."""
    if connection.dialect.name != "sqlite":
        return False
    known = "SELECT count(*) FROM sqlite_master WHERE name = 'lyric_gram_term'"
    built = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
    return all(connection.scalar(text(query)) for query in (known, built))


def _count_lines(connection: Connection) -> int:
    """The number of lines; of all tables with a row per line, this one is the fastest."""
    return connection.scalar(text("SELECT count(*) FROM lyric_word_docsize")) or 0


def _quote(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _word_terms(line: str) -> list[str]:
    """The words, as FTS5 tokenizes them and with apostrophes removed."""
    words = _WORDS.findall(line.lower()) + split_words(line)
    return [_quote(word) for word in dict.fromkeys(words)]


def _trigram_terms(connection: Connection, line: str) -> list[str]:
    """The trigrams; in scripts without spaces, also the completions of short words."""
    framed = f" {line.lower()} "
    grams = [framed[at : at + 3] for at in range(len(framed) - 2)]
    for word in line.lower().split():
        if len(word) < 3 and any(unicodedata.category(mark) in {"Lo", "So"} for mark in word):
            grams += _find_endings(connection, word)
    return [_quote(gram) for gram in dict.fromkeys(grams)]


def _find_endings(connection: Connection, start: str) -> Sequence[str]:
    """The indexed trigrams that begin with one or two letters."""
    query = text("SELECT term FROM lyric_gram_term WHERE term >= :low AND term < :high LIMIT :n")
    span = {"low": start, "high": start + "\U0010ffff", "n": N_ENDINGS}
    return connection.scalars(query, span).all()


def _count(connection: Connection, table: Table, term: str, limit: int = -1) -> int:
    """The number of lines that match, counted up to a limit (FTS5: 20 ns per line)."""
    query = text(
        f"SELECT count(*) FROM (SELECT rowid FROM {table} WHERE {table} MATCH :term LIMIT :n)"
    )
    return connection.scalar(query, {"term": term, "n": limit}) or 0


def _find(
    connection: Connection, table: Table, terms: Sequence[str], n_lines: int, limit: int
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
    connection: Connection, table: Table, terms: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    # FTS5's rank is lower for better lines. Ties are not broken by rowid, which depends on the
    # history of the library.
    query = text(
        f"SELECT id, -rank FROM {table} JOIN lyric_key ON id = {table}.rowid"
        f" WHERE {table} MATCH :terms ORDER BY rank, video_id, position LIMIT :n"
    )
    rows = connection.execute(query, {"terms": " OR ".join(terms), "n": limit})
    return [(line_id, bm25) for line_id, bm25 in rows]


def _match_pieces(
    connection: Connection, table: Table, terms: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    """Lines that contain a whole piece of a text, unranked, because there may be very many.

    With fewer errors than pieces, one piece has no error (pigeonhole principle).
    """
    least = MIN_PIECE - 2 if table == "lyric_gram" else 2
    size = max(least, -(-len(terms) // N_PIECES))
    pieces = [terms[at : at + size] for at in range(0, len(terms), size)] + [terms]
    query = text(
        f"SELECT id FROM {table} JOIN lyric_key ON id = {table}.rowid"
        f" WHERE {table} MATCH :terms ORDER BY video_id, position LIMIT :n"
    )
    found: list[tuple[int, float]] = []
    for piece in pieces:
        if len(piece) >= least:
            values = {"terms": " AND ".join(piece), "n": limit}
            found += ((line_id, 0.0) for line_id in connection.scalars(query, values))
    return found


def _read(connection: Connection, found: dict[int, float]) -> list[LineMatch]:
    row = LyricLineRow
    columns = (row.video_id, row.position, row.text, row.start_seconds, row.end_seconds)
    query = text(
        "SELECT lyric_line.video_id, lyric_line.position, text, start_seconds, end_seconds, id"
        " FROM lyric_key JOIN lyric_line USING (video_id, position)"
        " WHERE id IN (SELECT value FROM json_each(:ids))"
    ).columns(*columns)
    rows = connection.execute(query, {"ids": f"[{','.join(map(str, found))}]"})
    matches = [
        LineMatch(video_id, position, line, start, end, found[line_id])
        for video_id, position, line, start, end, line_id in rows
    ]
    return sorted(matches, key=lambda match: (-match.bm25, match.video_id, match.position))
