"""Words and trigrams are those of SQLite's own tokenizers."""

import random
import sqlite3

import pytest

from mvsearch.store.catalog.reading.postgresql.folding import MAX_BYTES, cut_threes, cut_words

# Letters of SQLite's version of Unicode: newer ones it takes for signs.
LETTERS = [
    *(chr(at) for at in range(1, 0x300) if at not in {0x1E0, 0x1E1}),
    *(chr(at) for at in range(0x384, 0x527) if chr(at).isalpha()),
    *"ẞßſςΣİıŁłΆέỂ好きる愛ंखि한\u0301\u0308\u200b\u2028😀’“ⅷ①₂ǅ",
]


@pytest.mark.parametrize(
    ("tokenizer", "cut"),
    [("unicode61 remove_diacritics 2", cut_words), ("trigram", cut_threes)],
)
def test_terms_are_those_of_sqlite(tokenizer, cut):
    drawn = random.Random(7)
    lines = [f"a{letter}b {letter}" for letter in LETTERS]
    lines += ["".join(drawn.choices(LETTERS, k=drawn.randint(0, 12))) for _ in range(1000)]
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIRTUAL TABLE line USING fts5(text, tokenize='{tokenizer}')")
    connection.execute("CREATE VIRTUAL TABLE term USING fts5vocab(line, instance)")
    connection.executemany("INSERT INTO line VALUES (?)", [(line,) for line in lines])
    expected: dict[int, list[str]] = {}
    for line_id, term in connection.execute("SELECT doc, term FROM term ORDER BY doc, offset"):
        expected.setdefault(line_id, []).append(term)
    for at, line in enumerate(lines):
        assert cut(line) == expected.get(at + 1, []), repr(line)


def test_words_too_long_for_an_index_are_told_apart():
    long = "ä" * MAX_BYTES
    assert cut_words(long[:MAX_BYTES]) == ["a" * MAX_BYTES]
    first, second = cut_words(f"{long}b {long}c")
    assert first != second
    assert max(len(first), len(second)) <= MAX_BYTES
    assert cut_words(f"{long.upper()}B") == [first]
