"""Writes expressions as text, so that `parse_expression` reads the same again."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from mvsearch.search.query.language.functions import find_function
from mvsearch.search.query.language.quoting import quote
from mvsearch.search.query.query import WORD_KINDS, QueryPart, Section
from mvsearch.search.temporal.expression import And, Expression, Leaf, Not, Then, While
from mvsearch.store.errors import QueryError
from mvsearch.store.unicode import truncate

MAX_SHOWN = 60
NamePart = Callable[[QueryPart], str]

# A name that needs no quotation marks; words always have them.
_PLAIN = re.compile(r"[\w./~+-]+(?: [\w./~+-]+)*")


def _name(part: QueryPart) -> str:
    return part.value


def print_expression(expression: Expression, name: NamePart = _name) -> str:
    """An expression as text.

    Args:
        expression: of a query.
        name: what stands for the value of a part; such as the id of an upload.

    Raises:
        QueryError: it has a part that cannot be written.
    """
    if isinstance(expression, Leaf):
        weight = "" if expression.weight == 1 else f" * {_write_number(expression.weight)}"
        return print_part(expression.part, name) + weight
    if isinstance(expression, Not):
        return f"not {print_expression(expression.part, name)}"
    if isinstance(expression, While):
        return _join(" while ", expression.parts, (Leaf, Not), name)
    if isinstance(expression, And):
        return _join(" and ", expression.parts, (Leaf, Not, While, Then), name)
    first = _wrap(expression.first, (Leaf, While, Then), name)
    second = _wrap(expression.second, (Leaf, While), name)
    within = expression.within_seconds
    limit = "" if within is None else f" within {_write_number(within)}s"
    return f"{first} then {second}{limit}"


def print_part(part: QueryPart, name: NamePart = _name) -> str:
    """A part as text, such as `clip(party.mp4@65-75)`.

    Raises:
        QueryError: nothing in the language makes it.
    """
    function = find_function(part)
    if function is None:
        raise QueryError(f"a {part.kind} that is {part.role} cannot be written as a query")
    value = name(part)
    is_plain = part.kind not in WORD_KINDS and _PLAIN.fullmatch(value) is not None
    return f"{function}({value if is_plain else quote(value)}{_write_section(part.section)})"


def _name_shortly(part: QueryPart) -> str:
    is_file = part.kind in ("image", "clip", "audio") and part.media is None
    return part.path.name if is_file else part.value


def describe_part(part: QueryPart) -> str:
    """A part of any query in short, for display, such as `text("rain")`; a file by its name."""
    plain = replace(part, role=None) if part.role == "not" else part
    if find_function(plain) is not None:
        return truncate(print_part(plain, _name_shortly), MAX_SHOWN)
    return truncate(f"{(part.role or part.kind).replace('-', ' ')} {part.value}", MAX_SHOWN)


def _join(mark: str, parts: tuple[Expression, ...], bare: tuple[type, ...], name: NamePart) -> str:
    return mark.join(_wrap(part, bare, name) for part in parts)


def _wrap(part: Expression, bare: tuple[type, ...], name: NamePart) -> str:
    text = print_expression(part, name)
    return text if isinstance(part, bare) else f"({text})"


def _write_section(section: Section | None) -> str:
    if section is None or (section.start_seconds is None and section.end_seconds is None):
        return ""
    ends = (section.start_seconds, section.end_seconds)
    return "@" + "-".join("" if end is None else _write_number(end) for end in ends)


def _write_number(number: float) -> str:
    """The shortest decimal that is read as the same number, without an exponent."""
    text = f"{Decimal(repr(float(number))):f}"
    return text.removesuffix(".0")
