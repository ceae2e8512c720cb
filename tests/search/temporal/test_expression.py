"""Expressions of queries in time: what is refused, and their form in JSON."""

import json

import pytest

from mvsearch.search.api.arguments import settle_arguments
from mvsearch.search.query.make_query import make_leaf, make_query
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.temporal.expression import (
    MAX_PARTS,
    And,
    Expression,
    Leaf,
    Not,
    Then,
    While,
    read_expression,
    write_expression,
)
from mvsearch.store.errors import QueryError

RAIN, SALT, NIGHT = (Leaf(QueryPart("text", word)) for word in ("rain", "salt", "night"))


def nest(depth: int) -> Expression:
    whole: Expression = And((RAIN, SALT))
    for _ in range(depth):
        whole = And((whole, NIGHT))
    return whole


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Leaf(RAIN.part, -1.0), "above 0 and at most 100, not -1.0: for what is not"),
        (lambda: Leaf(RAIN.part, float("nan")), "not nan"),
        (lambda: Leaf(RAIN.part, 10**400), "above 0 and at most 100"),
        (lambda: Leaf(RAIN.part, True), "above 0"),
        (lambda: Leaf("rain"), "a part of an expression is a QueryPart"),
        (lambda: Not(Not(RAIN)), "'not' takes one part"),
        (lambda: Not(While((RAIN, SALT))), "'not' takes one part"),
        (lambda: While((RAIN,)), "'while' joins two parts or more"),
        (lambda: While([RAIN, SALT]), "'while' joins two parts or more"),
        (lambda: While((Not(RAIN), Not(SALT))), "only what is not wanted"),
        (lambda: While((RAIN, Then(SALT, NIGHT))), "joins parts of one moment"),
        (lambda: While((RAIN, And((SALT, NIGHT)))), "joins parts of one moment"),
        (lambda: Then(RAIN, Not(SALT)), "joins what is there"),
        (lambda: Then(RAIN, SALT, 0.0), "'within' takes a time above 0"),
        (lambda: Then(RAIN, SALT, float("inf")), "'within' takes a time above 0"),
        (lambda: Then(RAIN, SALT, "12"), "'within' takes a time above 0"),
        (lambda: And((RAIN, "salt")), "'and' joins parts"),
        (lambda: And((RAIN,) * (MAX_PARTS + 1)), "at most 8 parts, not 9"),
        (lambda: nest(8), "at most 8 parts"),
        (lambda: Query((), expression=Not(RAIN)), "say also what to look for"),
        (lambda: Query((SALT.part,), expression=RAIN), "are those of its expression"),
    ],
)
def test_what_cannot_be_asked_is_refused(make, says) -> None:
    with pytest.raises(QueryError, match=says):
        make()


def test_parts_of_a_query_are_those_of_its_expression() -> None:
    asked = Then(While((RAIN, Not(SALT))), NIGHT, 12)
    query = Query((), expression=asked)
    assert [part.value for part in query.parts] == ["rain", "salt", "night"]
    assert query.to_dict()["expression"] == {
        "then": [
            {"while": [{"part": 0, "weight": 1.0}, {"not": {"part": 1, "weight": 1.0}}]},
            {"part": 2, "weight": 1.0},
        ],
        "within_seconds": 12,
    }


def test_json_of_an_expression_is_read_again() -> None:
    asked = And((Then(Leaf(RAIN.part, 2.5), Then(SALT, NIGHT), 3.5), Not(RAIN)))
    written = json.loads(json.dumps(write_expression(asked)))
    assert read_expression(written, Query((), expression=asked).parts) == asked


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        {"part": 3},
        {"part": True},
        {"part": -1},
        {"part": 0, "weight": "much"},
        {"while": {"part": 0}},
        {"while": [{"part": 0}] * 100},
        {"then": [{"part": 0}]},
        {"then": [{"part": 0}, {"part": 1}], "within_seconds": -1},
        {"then": [{"part": 0}, {"part": 1}], "within_seconds": [1]},
        {"not": {"not": {"part": 0}}},
    ],
)
def test_json_of_strangers_is_refused(given) -> None:
    with pytest.raises(QueryError):
        read_expression(given, [RAIN.part, SALT.part, NIGHT.part])


def test_deep_json_is_refused() -> None:
    given: dict = {"part": 0}
    for _ in range(5000):
        given = {"and": [given, {"part": 1}]}
    with pytest.raises(QueryError):
        read_expression(given, [RAIN.part, SALT.part])


def test_an_expression_is_a_query() -> None:
    rain = make_leaf(text="rain", weight=2.0)
    assert make_query(While((rain, make_leaf(lyric="salt"))), tag="live").parts[0] == rain.part
    assert rain == Leaf(RAIN.part, 2.0)
    for wrong in ({}, {"text": ["rain", "salt"]}, {"colour": "red"}, {"filter": None}):
        with pytest.raises(QueryError, match="a part of an expression is one of text"):
            make_leaf(**wrong)
    with pytest.raises(QueryError, match="an expression"):
        make_query(7)


def test_parts_in_time_have_one_way_of_fusion() -> None:
    query = Query((), expression=While((RAIN, SALT)))
    assert settle_arguments(query, {"top": 3}) == {"top": 3, "fusion": "calibrated"}
    assert settle_arguments(Query((RAIN.part,)), {"fusion": "rrf"}) == {"fusion": "rrf"}
    with pytest.raises(QueryError, match="leave out the fusion"):
        settle_arguments(query, {"fusion": "rrf"})


def test_more_parts_are_anywhere_in_the_video() -> None:
    query = make_query(Query((), expression=While((RAIN, SALT))), text="night")
    assert query.expression == And((While((RAIN, SALT)), NIGHT))
    assert make_query(query).expression == query.expression
