"""SQL functions that are written otherwise in each kind of database."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Select, String, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class ListedTexts(GenericFunction[Any]):
    """The texts of a list in JSON as rows with the column "value"."""

    name = "json_each"
    inherit_cache = True


class WholeNumber(GenericFunction[int]):
    """A number of at least zero without its fraction."""

    type = Integer()
    name = "whole_number"
    inherit_cache = True


def list_texts(texts: Sequence[str]) -> Select[Any]:
    """A subquery for texts; they are one parameter, because databases limit their number."""
    rows = ListedTexts(bindparam(None, json.dumps(texts), String)).table_valued("value")
    return select(rows.c.value)


@compiles(ListedTexts, "postgresql")
def _list_texts(element: ListedTexts, compiler: Any, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS json))"


@compiles(WholeNumber)
def _truncate(element: WholeNumber, compiler: Any, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS INTEGER)"


@compiles(WholeNumber, "postgresql")
def _round_down(element: WholeNumber, compiler: Any, **options: Any) -> str:
    # A cast alone rounds to the nearest.
    return f"CAST(floor({compiler.process(element.clauses, **options)}) AS INTEGER)"
