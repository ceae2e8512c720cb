"""Brings an expression into the form that is scored: chains of moments, and what is not wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from mvsearch.search.temporal.expression import And, Expression, Leaf, Not, Then, While

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Element:
    """The leaves of one moment, by their numbers.

    Attributes:
        wanted: at least one.
        unwanted: these speak against the moment.
    """

    wanted: tuple[int, ...]
    unwanted: tuple[int, ...] = ()

    @property
    def leaf(self) -> int | None:
        """The only leaf; None for leaves at the same moment."""
        return self.wanted[0] if len(self.wanted) == 1 and not self.unwanted else None


@dataclass(frozen=True, slots=True)
class Chain:
    """Moments that follow each other.

    Attributes:
        elements: at least one.
        within_seconds: the maximum time before each element but the first; None for any.
    """

    elements: tuple[Element, ...]
    within_seconds: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is scored in each video.

    Attributes:
        chains: all of them are wanted, each anywhere in the video.
        against: leaves that are not wanted anywhere in the video.
        weights: (leaves,) above zero.
    """

    chains: tuple[Chain, ...]
    against: tuple[int, ...]
    weights: Weights

    @property
    def unwanted(self) -> frozenset[int]:
        """The leaves that are not wanted, anywhere or at a moment."""
        at_moments = (leaf for one in self.chains for e in one.elements for leaf in e.unwanted)
        return frozenset((*self.against, *at_moments))

    @property
    def total_weight(self) -> float:
        """Of the leaves that are wanted."""
        return float(sum(np.delete(self.weights, list(self.unwanted))))


def make_plan(expression: Expression) -> Plan:
    """Flatten an expression; its leaves are numbered in order."""
    numbers = count()
    chains: list[Chain] = []
    against: list[int] = []
    for part in _flatten(expression, And):
        if isinstance(part, Not):
            against.append(next(numbers))
        else:
            chains.append(_make_chain(part, numbers))
    weights = np.array([leaf.weight for leaf in expression.leaves], dtype=np.float64)
    return Plan(tuple(chains), tuple(against), weights)


def _flatten(part: Expression, kind: type[And] | type[While]) -> Iterator[Expression]:
    if isinstance(part, kind):
        for one in part.parts:
            yield from _flatten(one, kind)
    else:
        yield part


def _make_chain(part: Expression, numbers: Iterator[int]) -> Chain:
    """A chain; of nested pairs each begins after all before it has ended, in either nesting."""
    if not isinstance(part, Then):
        return Chain((_make_element(tuple(_flatten(part, While)), numbers),))
    first = _make_chain(part.first, numbers)
    second = _make_chain(part.second, numbers)
    within = (*first.within_seconds, part.within_seconds, *second.within_seconds)
    return Chain((*first.elements, *second.elements), within)


def _make_element(parts: Sequence[Expression], numbers: Iterator[int]) -> Element:
    wanted: list[int] = []
    unwanted: list[int] = []
    for part in parts:
        (unwanted if isinstance(part, Not) else wanted).append(next(numbers))
        assert isinstance(part, Leaf | Not)
    return Element(tuple(wanted), tuple(unwanted))
