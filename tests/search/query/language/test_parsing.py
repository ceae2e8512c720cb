"""The language of queries: what it means, what is refused and where, and that it can be printed."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvsearch.search.query.language.parsing import parse_expression, parse_query
from mvsearch.search.query.language.pointing import point_at
from mvsearch.search.query.language.printing import describe_part, print_expression, print_part
from mvsearch.search.query.query import QueryPart, Section
from mvsearch.search.temporal.expression import And, Leaf, Not, Then, While
from mvsearch.store.errors import QueryError, QuerySyntaxError

BEACH, SALT, NIGHT = (
    Leaf(QueryPart("image", "beach.jpg")),
    Leaf(QueryPart("lyric", "salt")),
    Leaf(QueryPart("text", "night")),
)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (
            'image(beach.jpg) while lyric("salt") then text("night") within 12s',
            Then(While((BEACH, SALT)), NIGHT, 12.0),
        ),
        ('"night"', NIGHT),
        ("text(night)*.5", Leaf(NIGHT.part, 0.5)),
        ("TEXT('night') AND NOT lyric(salt)", And((NIGHT, Not(SALT)))),
        ("text(night) while not lyric(salt)", While((NIGHT, Not(SALT)))),
        ("(text(night) and image(beach.jpg)) and lyric(salt)", And((And((NIGHT, BEACH)), SALT))),
        (
            "text(night) then lyric(salt) then image(beach.jpg) within 1:30",
            Then(Then(NIGHT, SALT), BEACH, 90.0),
        ),
        (
            "text(night) then (lyric(salt) then image(beach.jpg) within 2 s)",
            Then(NIGHT, Then(SALT, BEACH, 2.0)),
        ),
        ("clip(a b.mp4@1:00-1:10)", Leaf(QueryPart("clip", "a b.mp4", Section(60, 70)))),
        ('clip("a@1:00-1:10.mp4"@5-)', Leaf(QueryPart("clip", "a@1:00-1:10.mp4", Section(5)))),
        ("sound(x@mail.mp3)", Leaf(QueryPart("audio", "x@mail.mp3"))),
        ("like(Paper Moon)", Leaf(QueryPart("like", "Paper Moon"))),
        ("lyrics_of(Paper Moon)", Leaf(QueryPart("like", "Paper Moon", role="lyrics-of"))),
        (r'lyric("say \"no\"\nnever \u00e9")', Leaf(QueryPart("lyric", 'say "no"\nnever é'))),
        ("lyric(don't stop)", Leaf(QueryPart("lyric", "don't stop"))),
        ("text(and)", Leaf(QueryPart("text", "and"))),
        ('text("夜 (雨)")', Leaf(QueryPart("text", "夜 (雨)"))),
    ],
)
def test_what_a_query_means(text: str, meaning: Any) -> None:
    assert parse_expression(text) == meaning
    assert parse_expression(print_expression(meaning)) == meaning


# The mark ¦ stands where the error is.
@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("¦rain", "words stand in quotation marks"),
        ("text(a) while ¦rain then", "words stand in quotation marks"),
        ("text(¦", "expected a value"),
        ("text(¦)", "expected a value"),
        ('text(¦"a', "this quotation mark is not closed"),
        ("text(a) ¦whle text(b)", "expected while, then, and, or the end, not 'whle'"),
        ("text(a) ¦within 5s", "expected while"),
        ("¦picture(x)", "no part is called 'picture'; there are text, lyric"),
        ("text(a) then¦", "expected a part such as"),
        ("(text(a)¦", r"expected a \)"),
        ("text(a)¦)", "expected the end"),
        ("image(a¦(1).jpg)", "names with parentheses stand in quotation marks"),
        ("text(a) then text(b) within ¦-3s", "a time is written"),
        ("text(a) then text(b) within ¦1e9s", "a time is written"),
        ("text(a) then text(b) within ¦99999999s", "a time lies at most"),
        ("text(a) ¦then text(b) within 0s", "above 0"),
        ("text(a) ¦then not text(b)", "'then' joins what is there"),
        ("(text(a) and text(b)) ¦then text(c)", "'then' joins what is there"),
        ("text(a) and ¦not (text(b) and text(c))", "'not' takes one part"),
        ("text(a)*¦-1", "for what is not wanted, use 'not'"),
        ("text(a)*¦much", "a weight is a number"),
        ("(text(a) while text(b))*¦2", "a weight stands after one part"),
        ("image(¦a@1-2)", "has no section"),
        ("clip(a¦@5-2)", "a section ends after it starts"),
        ('clip("a"¦@foo)', "a section is written"),
        ('text(¦" ")', "is empty"),
        (r'clip("C:¦\music.mp4")', "a backslash is written"),
        ('text("a¦\x1b")', r'write it "\\u001b"'),
        ("¦\x00", "control character"),
        ("¦", "the query is empty"),
        ("¦not text(a)", "say also what to look for"),
        ("¦" + " and ".join(["text(a)"] * 9), "at most 8 parts, not 9"),
    ],
)
def test_an_error_is_one_line_and_says_where(marked: str, said: str) -> None:
    at = marked.index("¦")
    with pytest.raises(QuerySyntaxError, match=said) as refused:
        parse_query(marked.replace("¦", ""))
    assert refused.value.position == at
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 4_000 + "text(a)" + ")" * 3_999,
        "not " * 2_500,
        '"' * 9_999,
        "text(a) and " * 800,
        "\\" * 10_000,
        "'" + "\\'" * 4_000,
        "text(" + " " * 9_000 + "@" * 900,
    ],
)
def test_hostile_text_is_refused_in_linear_time(text: str) -> None:
    parse_expression("text(a)")
    begun = time.process_time()
    with pytest.raises(QuerySyntaxError):
        parse_expression(text)
    assert time.process_time() - begun < 2
    with pytest.raises(QuerySyntaxError, match="at most 10000 letters"):
        parse_expression(text + "x" * 10_000)


def test_parentheses_around_all_change_nothing() -> None:
    assert parse_expression("(" * 2_000 + "text(night)" + ")" * 2_000) == NIGHT


values = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() != "")
# Surrogates are in names of files that are no UTF-8; words have none.
words = values.filter(lambda text: not any("\ud800" <= one <= "\udfff" for one in text))
times = st.floats(0, 1e6, allow_nan=False)
sections = st.none() | st.builds(
    lambda start, length: Section(start, start + length), times, st.floats(0.001, 1e6)
)
leaves = st.builds(
    Leaf,
    st.one_of(
        st.builds(QueryPart, st.sampled_from(["text", "lyric", "ocr"]), words),
        st.builds(QueryPart, st.just("image"), values),
        st.builds(QueryPart, st.sampled_from(["clip", "audio", "like"]), values, sections),
        st.builds(
            lambda value, role: QueryPart("like", value, role=role),
            values,
            st.sampled_from(["look-of", "sound-of", "lyrics-of"]),
        ),
    ),
    st.just(1.0) | st.floats(1e-6, 100),
)
moments = st.one_of(
    leaves,
    st.builds(lambda one, other: While((one, other)), leaves, leaves | st.builds(Not, leaves)),
)
chains = st.recursive(
    moments,
    lambda inner: st.builds(Then, inner, inner, st.none() | st.floats(1e-3, 1e6)),
    max_leaves=2,
)
expressions = st.one_of(
    chains,
    st.builds(lambda *parts: And(parts), chains, moments | st.builds(Not, leaves), leaves),
)


@settings(max_examples=30, deadline=None)
@given(expressions)
def test_what_is_printed_is_read_as_the_same(expression: Any) -> None:
    assert parse_expression(print_expression(expression)) == expression


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.text("()\"'@*\\ antwhile", max_size=60))
def test_any_text_is_a_query_or_one_error_with_a_place(text: str) -> None:
    refused = None
    try:
        expression = parse_expression(text)
    except QuerySyntaxError as error:
        refused = error
    if refused is None:
        assert parse_expression(print_expression(expression)) == expression
    else:
        assert 0 <= refused.position <= len(text)
        assert "\n" not in str(refused)


def test_what_the_language_lacks_cannot_be_printed() -> None:
    part = QueryPart("like", "a", role="sounds-unlike")
    with pytest.raises(QueryError, match="cannot be written"):
        print_part(part)
    assert describe_part(part) == "sounds unlike a"
    assert describe_part(QueryPart("text", "rain", role="not")) == 'text("rain")'


@pytest.mark.parametrize(
    ("text", "at", "shown", "cells"),
    [
        ("text(a) whle b", 8, "text(a) whle b", 8),
        ("", 0, "", 0),
        ("abc", 3, "abc", 3),
        ("雨)", 1, "雨)", 2),
        ("a\nb\x1b)", 4, "a b\ufffd)", 4),
        ("x" * 100, 0, "x" * 69 + "…", 0),
        ("x" * 100, 100, "…" + "x" * 69, 70),
    ],
)
def test_a_mark_stands_below_the_place(text: str, at: int, shown: str, cells: int) -> None:
    assert point_at(text, at) == (shown, " " * cells + "^")
