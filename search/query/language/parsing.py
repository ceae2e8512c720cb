"""Parses the language of queries, such as `image(beach.jpg) while lyric("salt")`."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mvsearch.search.query.language.grammar import EXPECTED, make_parser
from mvsearch.search.query.language.replacing import replace_parts
from mvsearch.search.query.make_query import OF_FILES
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError, QuerySyntaxError
from mvsearch.store.opening import expand_home

if TYPE_CHECKING:
    from mvsearch.search.temporal.expression import Expression

# Songs have fewer letters.
MAX_LETTERS = 10_000
# The parser is shared, and lark does not say that it may be.
_PARSING = threading.Lock()
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_LAST_WORD = re.compile(r"(\w+)\s*$")


def parse_query(text: str, *, filter: Filter = Filter()) -> Query:
    """Parse a query that can be searched for, such as by `VideoLibrary.search`.

    Args:
        text: in the language that docs/queries.md describes; `~` in the name of a file is the home
            folder. Files are opened by the search.
        filter: selects the videos.

    Raises:
        QuerySyntaxError: it is no query; the error says where.
    """
    return parse_with_parts(text, filter, _find_home)


def parse_with_parts(text: str, filter: Filter, find: Callable[[QueryPart], QueryPart]) -> Query:
    """Parse a query whose parts are replaced, such as names of files by what was sent.

    Args:
        text: see `parse_query`, but `~` is no folder.
        filter: selects the videos.
        find: what stands for a part.

    Raises:
        QuerySyntaxError: it is no query; the error says where.
    """
    expression = replace_parts(parse_expression(text), find)
    try:
        return Query((), filter, expression)
    except QueryError as error:
        raise QuerySyntaxError(str(error), text, 0) from None


def _find_home(part: QueryPart) -> QueryPart:
    return replace(part, value=str(expand_home(part.value))) if part.kind in OF_FILES else part


def parse_expression(text: str) -> "Expression":
    """Parse a query.

    Args:
        text: in the language that docs/queries.md describes. Files are named and not opened.

    Raises:
        QuerySyntaxError: it is no query; the error says where.
    """
    from lark import UnexpectedInput

    from mvsearch.search.query.language.building import PlaceError

    _check_letters(text)
    try:
        with _PARSING:
            return cast("Expression", make_parser().parse(text))
    except PlaceError as error:
        raise QuerySyntaxError(str(error), text, error.position) from None
    except UnexpectedInput as error:
        raise _explain(error, text) from None


def _check_letters(text: str) -> None:
    if len(text) > MAX_LETTERS:
        said = f"a query has at most {MAX_LETTERS} letters, not {len(text)}"
        raise QuerySyntaxError(said, text, MAX_LETTERS)
    if not text.strip():
        said = 'the query is empty: write for example text("rain") while lyric("take me home")'
        raise QuerySyntaxError(said, text, 0)
    if (found := _CONTROL.search(text)) is not None:
        number = ord(found[0])
        said = rf'a control character stands here: write it "\u{number:04x}"'
        raise QuerySyntaxError(said, text, found.start())


def _explain(error: Exception, text: str) -> QuerySyntaxError:
    """What was expected where, from the terminals that the parser would have taken."""
    token = getattr(error, "token", None)
    told = [getattr(error, name, None) for name in ("accepts", "expected", "allowed")]
    names: set[str] = set(next(filter(None, told), ()))
    at = getattr(error, "pos_in_stream", None)
    if token is not None:
        at = len(text) if token.type == "$END" else token.start_pos
    place = len(text) if at is None or at < 0 else int(at)
    if place < len(text) and text[place] in "\"'" and names & {"STRING"}:
        return QuerySyntaxError("this quotation mark is not closed", text, place)
    if names == {"_OPEN"} and (word := _LAST_WORD.search(text, 0, place)) is not None:
        said = f"words stand in quotation marks, and a name before its value, not {word[1]!r}"
        return QuerySyntaxError(said, text, word.start())
    wanted = next((said for name, said in EXPECTED if name in names), "the end")
    said = _name_place(text, place)
    return QuerySyntaxError(f"expected {wanted}{said}", text, place)


def _name_place(text: str, place: int) -> str:
    if place >= len(text):
        return ", where the query ends"
    found = re.compile(r"\w+|.", re.DOTALL).match(text, place)
    shown = "" if found is None else found[0][:20]
    return f", not {shown!r}"
