"""Replaces the parts of an expression, such as the names of files by uploads."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from mvsearch.search.query.query import QueryPart
from mvsearch.search.temporal.expression import Expression, Leaf, Not, Then

E = TypeVar("E", bound=Expression)


def replace_parts(expression: E, find: Callable[[QueryPart], QueryPart]) -> E:
    """The same expression with each part replaced by what a function makes of it."""
    if isinstance(expression, Leaf):
        return replace(expression, part=find(expression.part))
    if isinstance(expression, Not):
        return replace(expression, part=replace_parts(expression.part, find))
    if isinstance(expression, Then):
        first, second = (replace_parts(one, find) for one in (expression.first, expression.second))
        return replace(expression, first=first, second=second)
    parts: Any = tuple(replace_parts(one, find) for one in expression.parts)
    return replace(expression, parts=parts)
