"""Tells observers what takes how long and how much there is; without observers it does nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

# Of what is told; bounded in number, and never a query, a path or a name.
Labels = dict[str, str]


class Observer(Protocol):
    """Is told what happens, from any thread."""

    def timing(self, name: str, labels: Labels) -> AbstractContextManager[object]:
        """Surround work; labels may be added until its end."""

    def tell(self, name: str, labels: Labels, value: float) -> None:
        """Take a number: a part of a sum, a value of a distribution, or a level."""


_OBSERVERS: list[Observer] = []


@contextmanager
def timing(name: str, **labels: str) -> Iterator[Labels]:
    """Tell how long work takes.

    Args:
        name: of the kind of work, such as "stage".
        labels: of a bounded number of values.

    Yields:
        The labels, to which some may be added that are known later.
    """
    if not _OBSERVERS:
        yield labels
        return
    with ExitStack() as stack:
        for observer in tuple(_OBSERVERS):
            stack.enter_context(observer.timing(name, labels))
        yield labels


def tell(name: str, value: float = 1, **labels: str) -> None:
    """Tell a number."""
    for observer in tuple(_OBSERVERS):
        observer.tell(name, labels, value)


def observe(observer: Observer) -> Callable[[], None]:
    """Add an observer; what is returned takes it away."""
    _OBSERVERS.append(observer)
    return lambda: _OBSERVERS.remove(observer)
