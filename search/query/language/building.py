"""Builds expressions while a query is parsed, and says where one cannot be built."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from lark import Token, Transformer, v_args

from mvsearch.search.query.language.functions import FUNCTIONS
from mvsearch.search.query.language.quoting import QuoteError, unquote
from mvsearch.search.query.language.sections import Section, parse_section_times, parse_time
from mvsearch.search.query.query import (
    SECTION_KINDS,
    WORD_KINDS,
    QueryPart,
)
from mvsearch.search.temporal.expression import And, Expression, Leaf, Not, Then, While
from mvsearch.store.errors import QueryError
from mvsearch.store.unicode import printable, replace_surrogates

T = TypeVar("T")

_SECTION_END = re.compile(r"@[\d:.\s]*-[\d:.\s]*$")


class PlaceError(QueryError):
    """What a query says cannot be.

    Attributes:
        position: in the text.
    """

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.position = position


class Built:
    """An expression that was built, with where it begins and whether parentheses are around it."""

    __slots__ = ("at", "expression")

    def __init__(self, expression: Expression, at: int) -> None:
        self.expression = expression
        self.at = at


@v_args(inline=True)
class Builder(Transformer[Token, Built]):
    """Makes an expression of each rule of the grammar; holds no state, so threads may share it."""

    def start(self, built: Built) -> Expression:
        """The whole."""
        return built.expression

    def conjunction(self, *parts: Built) -> Built:
        """Parts anywhere in one video."""
        return _join(parts, lambda: And(_list(parts)))

    def overlap(self, *parts: Built) -> Built:
        """Parts at one moment."""
        return _join(parts, lambda: While(_list(parts)))  # type: ignore[arg-type]  # likewise

    def sequence(self, first: Built, *rest: Token | Built | None) -> Built:
        """One after the other, from the left."""
        built = first
        for then, second, time in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            assert isinstance(then, Token)
            assert isinstance(second, Built)
            at = _begin(then)
            within = None if not isinstance(time, Token) else _read_time(time)
            made = _at(at, lambda: _make_then(built, second, within))  # noqa: B023
            built = Built(made, built.at)
        return built

    def negation(self, mark: Token, built: Built) -> Built:
        """What is not wanted."""
        at = _begin(mark)
        made = _at(at, lambda: Not(built.expression))  # type: ignore[arg-type]  # checked inside
        return Built(made, at)

    def weighted(self, built: Built, weight: Token) -> Built:
        """A part that counts more or less than others."""
        at = _begin(weight)
        if not isinstance(built.expression, Leaf):
            raise PlaceError("a weight stands after one part, such as text(rain)*2", at)
        number = _read_weight(weight)
        part = built.expression.part
        return Built(_at(at, lambda: Leaf(part, number)), built.at)

    def words(self, words: Token) -> Built:
        """Words in quotation marks alone."""
        at = _begin(words)
        return Built(Leaf(_make_part("text", _unquote(words), None, at)), at)

    def call(self, name: Token, argument: tuple[str, Section | None, int]) -> Built:
        """A function and its argument."""
        at = _begin(name)
        known = name.lower()
        if known not in FUNCTIONS:
            others = ", ".join(FUNCTIONS)
            raise PlaceError(f"no part is called {printable(name)!r}; there are {others}", at)
        return Built(Leaf(_make_part(known, *argument)), at)

    def group(self, built: Built) -> Built:
        """What stands in parentheses."""
        return Built(built.expression, built.at)

    def argument(
        self, value: Token, section: Token | None = None
    ) -> tuple[str, Section | None, int]:
        """The value of a function, its section, and where it begins."""
        at = _begin(value)
        if value.type == "STRING":
            return _unquote(value), None if section is None else _read_section(section), at
        found = _SECTION_END.search(value)
        if found is None:
            return value.rstrip(), None, at
        times = _read_times(found[0], at + found.start())
        return value[: found.start()].rstrip(), times, at


def _list(parts: tuple[Built, ...]) -> tuple[Expression, ...]:
    return tuple(part.expression for part in parts)


def _join(parts: tuple[Built, ...], make: Callable[[], Expression]) -> Built:
    at = parts[0].at
    return Built(_at(at, make), at)


def _make_then(first: Built, second: Built, within_seconds: float | None) -> Then:
    one, other = first.expression, second.expression
    return Then(one, other, within_seconds)  # type: ignore[arg-type]  # checked inside


def _begin(token: Token) -> int:
    return token.start_pos or 0


def _at(position: int, make: Callable[[], T]) -> T:
    """What a function makes; its error tells a place."""
    try:
        return make()
    except PlaceError:
        raise
    except QueryError as error:
        raise PlaceError(str(error), position) from None


def _make_part(name: str, value: str, section: Section | None, at: int) -> QueryPart:
    """The part of a function."""
    function = FUNCTIONS[name]
    if not value.strip():
        raise PlaceError(f"{name}(…) is empty: say what to look for", at)
    if section is not None and function.kind not in SECTION_KINDS:
        raise PlaceError(f"{name}(…) has no section: leave out what follows the @", at)
    given = replace_surrogates(value) if function.kind in WORD_KINDS else value
    part = _at(at, lambda: QueryPart(function.kind, given, section))
    return part if function.role is None else replace(part, role=function.role)


def _unquote(quoted: Token) -> str:
    try:
        return unquote(quoted)
    except QuoteError as error:
        raise PlaceError(str(error), _begin(quoted) + error.position) from None


def _read_section(token: Token) -> Section:
    return _read_times(token, _begin(token))


def _read_times(text: str, at: int) -> Section:
    return _at(at, lambda: parse_section_times(text.lstrip("@")))


def _read_time(token: Token) -> float:
    """A time such as `12s`, `12` or `1:30`."""
    text = re.sub(r"\s*s$", "", token)
    return _at(_begin(token), lambda: parse_time(text))


def _read_weight(token: Token) -> float:
    if not re.fullmatch(r"-?(?:\d+(?:\.\d*)?|\.\d+)", token):
        raise PlaceError(f"a weight is a number, not {printable(token)!r}", _begin(token))
    return float(token)
