"""The expression of a query in time: parts at one moment, one after the other, in one video."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

from mvsearch.search.query.query import MAX_SECONDS, QueryPart
from mvsearch.store.errors import QueryError

# Every part is compared with all videos.
MAX_PARTS = 8
MAX_DEPTH = 8
MAX_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """One part of the query.

    Attributes:
        weight: of its evidence, above zero.
    """

    part: QueryPart
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Check the weight."""
        if not isinstance(self.part, QueryPart):
            raise QueryError(f"a part of an expression is a QueryPart, not {self.part!r}")
        if not (_is_number(self.weight) and 0 < self.weight <= MAX_WEIGHT):
            raise QueryError(
                f"a part's weight is above 0 and at most {MAX_WEIGHT:g}, not"
                f" {str(self.weight)[:20]}: for what is not wanted, use 'not'"
            )

    @property
    def leaves(self) -> "tuple[Leaf, ...]":
        """The parts in order, wanted or not."""
        return (self,)

    def write(self, numbers: Iterator[int]) -> dict[str, Any]:
        """See `write_expression`."""
        return {"part": next(numbers), "weight": self.weight}


@dataclass(frozen=True, slots=True)
class Not:
    """What is not wanted: inside `While` at that moment, elsewhere in all of the video."""

    part: Leaf

    def __post_init__(self) -> None:
        """Check that it is one part."""
        _check_kinds("not", [self.part], (Leaf,), "takes one part: write 'not' before each")

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The part."""
        return (self.part,)

    def write(self, numbers: Iterator[int]) -> dict[str, Any]:
        """See `write_expression`."""
        return {"not": self.part.write(numbers)}


@dataclass(frozen=True, slots=True)
class While:
    """Parts at the same moment."""

    parts: "tuple[Leaf | Not | While, ...]"

    def __post_init__(self) -> None:
        """Check the parts."""
        _check_several("while", self.parts)
        hint = "joins parts of one moment: write 'then' and 'and' around it, not in it"
        _check_kinds("while", self.parts, (Leaf, Not, While), hint)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The parts in order, wanted or not."""
        return _list_leaves(self.parts)

    def write(self, numbers: Iterator[int]) -> dict[str, Any]:
        """See `write_expression`."""
        return {"while": [part.write(numbers) for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Then:
    """One after the other.

    Attributes:
        within_seconds: maximum time from the end of the first to the begin of the second; None for
            any time.
    """

    first: "Leaf | While | Then"
    second: "Leaf | While | Then"
    within_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check the parts and the time."""
        hint = "joins what is there: write 'not' in a 'while', or beside it with 'and'"
        _check_kinds("then", [self.first, self.second], (Leaf, While, Then), hint)
        _check_sizes([self.first, self.second])
        within = self.within_seconds
        if within is not None and not (_is_number(within) and 0 < within <= MAX_SECONDS):
            raise QueryError(
                f"'within' takes a time above 0 and at most {MAX_SECONDS:g} s, not"
                f" {str(within)[:20]}"
            )

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The parts in order."""
        return _list_leaves((self.first, self.second))

    def write(self, numbers: Iterator[int]) -> dict[str, Any]:
        """See `write_expression`."""
        pair = [self.first.write(numbers), self.second.write(numbers)]
        return {"then": pair, "within_seconds": self.within_seconds}


@dataclass(frozen=True, slots=True)
class And:
    """Parts at any time of the same video."""

    parts: "tuple[Leaf | Not | While | Then | And, ...]"

    def __post_init__(self) -> None:
        """Check the parts."""
        _check_several("and", self.parts)
        hint = "joins parts"
        _check_kinds("and", self.parts, (Leaf, Not, While, Then, And), hint)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The parts in order, wanted or not."""
        return _list_leaves(self.parts)

    def write(self, numbers: Iterator[int]) -> dict[str, Any]:
        """See `write_expression`."""
        return {"and": [part.write(numbers) for part in self.parts]}


Expression: TypeAlias = Leaf | Not | While | Then | And


def list_parts(expression: Expression, given: tuple[QueryPart, ...] = ()) -> tuple[QueryPart, ...]:
    """The parts of an expression that can be asked, in order.

    Args:
        expression: of a query.
        given: the same parts, or none.

    Raises:
        QueryError: it is too large, says only what is not wanted, or has other parts.
    """
    _check_kinds("an expression", [expression], (Leaf, Not, While, Then, And), "has parts")
    _check_sizes([expression])
    if isinstance(expression, Not):
        raise QueryError("say also what to look for, not only what is not wanted")
    parts = tuple(leaf.part for leaf in expression.leaves)
    if given not in ((), parts):
        raise QueryError("the parts of a query are those of its expression")
    return parts


def write_expression(expression: Expression) -> dict[str, Any]:
    """The form of an expression in JSON, in which parts have their positions in `leaves`."""
    return expression.write(count())


def read_expression(given: Any, parts: Sequence[QueryPart], depth: int = 0) -> Expression:
    """Read what `write_expression` writes, from a stranger.

    Args:
        given: the JSON.
        parts: of the query.
        depth: of `given` in the whole.

    Raises:
        QueryError: it is no expression of these parts.
    """
    wrong = QueryError("an expression is an object with part, not, while, then or and")
    if not isinstance(given, Mapping) or depth > MAX_DEPTH:
        raise wrong
    if "part" in given:
        at = given["part"]
        if type(at) is not int or not 0 <= at < len(parts):
            raise QueryError(f"an expression names parts from 0 to {len(parts) - 1}")
        return Leaf(parts[at], given.get("weight", 1.0))
    kind = next((kind for kind in ("not", "while", "then", "and") if kind in given), None)
    if kind is None:
        raise wrong
    held = [given[kind]] if kind == "not" else given[kind]
    if not isinstance(held, list) or len(held) > MAX_PARTS or (kind == "then" and len(held) != 2):
        raise wrong
    read: list[Any] = [read_expression(one, parts, depth + 1) for one in held]
    if kind == "then":
        return Then(read[0], read[1], given.get("within_seconds"))
    if kind == "not":
        return Not(read[0])
    return While(tuple(read)) if kind == "while" else And(tuple(read))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list_leaves(parts: Sequence[Expression]) -> tuple[Leaf, ...]:
    return tuple(leaf for part in parts for leaf in part.leaves)


def _check_kinds(name: str, parts: Sequence[object], kinds: tuple[type, ...], hint: str) -> None:
    if not all(isinstance(part, kinds) for part in parts):
        raise QueryError(f"{name!r} {hint}")


def _check_several(name: str, parts: Sequence[Expression]) -> None:
    """Check that parts are at least two, not too many, and that one of them is wanted."""
    if not isinstance(parts, tuple) or len(parts) < 2:
        raise QueryError(f"{name!r} joins two parts or more")
    _check_kinds(name, parts, (Leaf, Not, While, Then, And), "joins parts")
    if all(isinstance(part, Not) for part in parts):
        raise QueryError(f"{name!r} joins only what is not wanted: say also what to look for")
    _check_sizes(parts)


def _check_sizes(parts: Sequence[Expression]) -> None:
    n_leaves = sum(len(part.leaves) for part in parts)
    if n_leaves > MAX_PARTS:
        raise QueryError(f"a query has at most {MAX_PARTS} parts, not {n_leaves}")
    if max(map(_measure_depth, parts)) >= MAX_DEPTH:
        raise QueryError(f"the parts of a query are nested at most {MAX_DEPTH} deep")


def _measure_depth(part: Expression) -> int:
    if isinstance(part, While | And):
        return 1 + max(map(_measure_depth, part.parts))
    if isinstance(part, Then):
        return 1 + max(_measure_depth(part.first), _measure_depth(part.second))
    return 0
