"""The full-text indexes of SQLite (FTS5), which the migrations make where it has FTS5."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

# Of the terms that complete a beginning.
N_ENDINGS = 50
# The fewest words, and trigrams, that are a piece of a text.
MIN_WORDS = 2
MIN_GRAMS = 3


class FullTextIndex:
    """A `TermIndex` by FTS5. Terms are always quoted, so that none is an operator.

    Args:
        connection: to the database.
        name: of the full-text table.
        keys: the table that numbers its lines.
    """

    def __init__(self, connection: Connection, name: str, keys: str) -> None:
        self._connection = connection
        self._name = name
        self._keys = keys
        self.least = MIN_GRAMS if name.endswith("_gram") else MIN_WORDS

    def count(self, terms: Sequence[str], most: int | None = None) -> list[int]:
        """The number of lines with each term, counted up to a limit (20 ns per line)."""
        rows = f"SELECT rowid FROM {self._name} WHERE {self._name} MATCH :term LIMIT :n"
        query = text(f"SELECT count(*) FROM ({rows})")
        n = -1 if most is None else most
        asked = ({"term": quote(term), "n": n} for term in terms)
        return [self._connection.scalar(query, values) or 0 for values in asked]

    def rank(self, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """The best lines with any of the terms."""
        # FTS5's rank is lower for better lines. Ties are not broken by rowid, which depends on the
        # history of the library.
        query = text(
            f"SELECT id, -rank FROM {self._name} JOIN {self._keys} ON id = {self._name}.rowid"
            f" WHERE {self._name} MATCH :terms ORDER BY rank, video_id, position LIMIT :n"
        )
        values = {"terms": " OR ".join(map(quote, terms)), "n": limit}
        return [(line_id, bm25) for line_id, bm25 in self._connection.execute(query, values)]

    def score(self, terms: Sequence[str]) -> tuple[str, dict[str, object]]:
        """A query for the numbers of the lines with any of the terms and their BM25."""
        query = (
            f"SELECT rowid AS id, -rank AS bm25 FROM {self._name} WHERE {self._name} MATCH :terms"
        )
        return query, {"terms": " OR ".join(map(quote, terms))}

    def match(self, terms: Sequence[str], limit: int) -> list[int]:
        """The lines with all of the terms."""
        query = text(
            f"SELECT id FROM {self._name} JOIN {self._keys} ON id = {self._name}.rowid"
            f" WHERE {self._name} MATCH :terms ORDER BY video_id, position LIMIT :n"
        )
        values = {"terms": " AND ".join(map(quote, terms)), "n": limit}
        return list(self._connection.scalars(query, values))

    def count_all(self) -> int:
        """The number of lines; of all tables with a row per line, this one is the fastest."""
        return self._connection.scalar(text(f"SELECT count(*) FROM {self._name}_docsize")) or 0

    def choose(self, ids: Sequence[int]) -> tuple[str, object]:
        """The table that numbers the lines, and some of its numbers."""
        numbered = f"{self._keys} USING (video_id, position)"
        return (
            f"{numbered} WHERE id IN (SELECT value FROM json_each(:ids))",
            f"[{','.join(map(str, ids))}]",
        )

    def find_endings(self, start: str) -> Sequence[str]:
        """The first indexed trigrams that begin with one or two letters."""
        table = f"{self._name}_term"
        query = text(f"SELECT term FROM {table} WHERE term >= :low AND term < :high LIMIT :n")
        span = {"low": start, "high": start + "\U0010ffff", "n": N_ENDINGS}
        return self._connection.scalars(query, span).all()


def quote(term: str) -> str:
    """A term that FTS5 takes for text."""
    return '"' + term.replace('"', '""') + '"'


def has_full_text(connection: Connection, table: str) -> bool:
    """Whether there is a table of full-text search, and this SQLite can read it.

    On PostgreSQL there are always tables for it.
    """
    if connection.dialect.name != "sqlite":
        return connection.dialect.name == "postgresql"
    known = "SELECT count(*) FROM sqlite_master WHERE name = :table"
    built = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
    return bool(connection.scalar(text(known), {"table": table})) and bool(
        connection.scalar(text(built))
    )
