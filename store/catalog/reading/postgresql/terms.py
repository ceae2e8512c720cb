"""Finds lines by their terms in PostgreSQL, with the BM25 of FTS5.

`store.database.postgresql.words` describes the tables. Only lines with a term are read, and rare
terms are asked for first, so that the cost does not grow with the lines that have frequent ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from mvsearch.store.catalog.reading.full_text import MIN_GRAMS, MIN_WORDS, N_ENDINGS
from mvsearch.store.catalog.reading.postgresql.folding import cut_threes, cut_words

# Those of FTS5: saturation by repeated terms, length, and the weight of terms in most lines.
K1, B = 1.2, 0.75
LEAST_WEIGHT = 1e-6

# The lines with any of some terms, and their BM25. Each term is looked up in the index by itself:
# `OFFSET 0` keeps the planner from reading all lines. The order of summing is that of FTS5.
_SCORED = """
SELECT id, sum(weight * ((often * (:k1 + 1)) / (often + :k1 * (1 - :b + :b * size / :mean)))
    ORDER BY at) AS bm25
FROM unnest(CAST(:terms AS text[]), CAST(:weights AS float8[]))
    WITH ORDINALITY AS asked(term, weight, at)
CROSS JOIN LATERAL (
    SELECT id, CAST(cardinality(array_positions({column}, term COLLATE "C")) AS float8) AS often,
        CAST(cardinality({column}) AS float8) AS size
    FROM {table} WHERE {column} @> ARRAY[term COLLATE "C"] OFFSET 0
) AS held
GROUP BY id
"""


@dataclass(frozen=True, slots=True)
class TermColumn:
    """A column with the terms of lines, and the kind by which they are counted."""

    table: str
    column: str
    kind: str


class TermIndex:
    """A `TermIndex` by arrays of terms.

    Args:
        connection: to the database.
        place: of the terms.
    """

    def __init__(self, connection: Connection, place: TermColumn) -> None:
        self._connection = connection
        self._place = place
        self._is_words = place.column == "words"
        self.least = MIN_WORDS if self._is_words else MIN_GRAMS

    def count(self, terms: Sequence[str], most: int | None = None) -> list[int]:
        """The number of lines with each term, up to a limit."""
        folded = [self._fold(term) for term in terms]
        counted = self._count(sorted({one for each in folded for one in each}))
        found = [min((counted.get(one, 0) for one in each), default=0) for each in folded]
        return found if most is None else [min(n, most) for n in found]

    def rank(self, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """The best lines with any of the terms."""
        query, values = self.score(terms)
        ranked = text(
            f"SELECT id, bm25 FROM ({query}) AS scored JOIN {self._place.table} USING (id)"
            " ORDER BY bm25 DESC, video_id, position LIMIT :n"
        )
        rows = self._connection.execute(ranked, {**values, "n": limit})
        return [(line_id, bm25) for line_id, bm25 in rows]

    def score(self, terms: Sequence[str]) -> tuple[str, dict[str, object]]:
        """A query for the numbers of the lines with any of the terms and their BM25."""
        asked = [one for term in terms for one in self._fold(term)]
        counted = self._count(sorted(set(asked)))
        n_lines, n_terms = self._count_all()
        values = {
            "terms": asked,
            "weights": [_weigh(counted.get(term, 0), n_lines) for term in asked],
            "mean": n_terms / n_lines if n_lines else 1.0,
            "k1": K1,
            "b": B,
        }
        return _SCORED.format(table=self._place.table, column=self._place.column), values

    def match(self, terms: Sequence[str], limit: int) -> list[int]:
        """The lines with all of the terms."""
        place = self._place
        query = text(
            f"SELECT id FROM (SELECT id, video_id, position FROM {place.table}"
            f' WHERE {place.column} @> CAST(:terms AS text[]) COLLATE "C" OFFSET 0) AS held'
            " ORDER BY video_id, position LIMIT :n"
        )
        asked = [one for term in terms for one in self._fold(term)]
        return list(self._connection.scalars(query, {"terms": asked, "n": limit}))

    def count_all(self) -> int:
        """The number of lines."""
        return self._count_all()[0]

    def choose(self, ids: Sequence[int]) -> tuple[str, object]:
        """The table that numbers the lines, and some of its numbers."""
        return f"{self._place.table} USING (video_id, position) WHERE id = ANY(:ids)", list(ids)

    def find_endings(self, start: str) -> Sequence[str]:
        """The first indexed terms that begin with one or two letters."""
        query = text(
            "SELECT term FROM line_term WHERE kind = :kind AND term >= :low AND term < :high"
            " ORDER BY term LIMIT :n"
        )
        span = {"low": start, "high": start + "\U0010ffff", "n": N_ENDINGS}
        return self._connection.scalars(query, {"kind": self._place.kind, **span}).all()

    def _fold(self, term: str) -> list[str]:
        """A term as it is indexed; a word in several parts where its accents are none."""
        if self._is_words:
            return cut_words(term)
        return cut_threes(term) if self._place.column == "grams" else [term]

    def _count_all(self) -> tuple[int, int]:
        """The number of lines, and of their terms."""
        query = text("SELECT n_lines, n_terms FROM line_total WHERE kind = :kind")
        row = self._connection.execute(query, {"kind": self._place.kind}).one_or_none()
        return (row.n_lines, row.n_terms) if row is not None else (0, 0)

    def _count(self, terms: Sequence[str]) -> dict[str, int]:
        query = text(
            "SELECT term, n FROM line_term"
            ' WHERE kind = :kind AND term = ANY(CAST(:terms AS text[]) COLLATE "C")'
        )
        rows = self._connection.execute(query, {"kind": self._place.kind, "terms": list(terms)})
        return {row.term: row.n for row in rows}


def open_terms(connection: Connection, lines: str, kind: str) -> TermIndex:
    """The index of the words, or of the trigrams, of lyrics or shown text."""
    return TermIndex(connection, TermColumn(f"{lines}_index", f"{kind}s", f"{lines}_{kind}"))


def open_sounds(connection: Connection) -> TermIndex:
    """The index of the grams of how lyric lines sound."""
    return TermIndex(connection, TermColumn("lyric_sound", "terms", "lyric_sound"))


def _weigh(n_with: int, n_lines: int) -> float:
    """The weight of a term in a number of lines."""
    share = (n_lines - n_with + 0.5) / (n_with + 0.5)
    weight = math.log(share) if share > 0 else 0.0
    return weight if weight > 0 else LEAST_WEIGHT
