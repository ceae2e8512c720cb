"""A lazily computed attribute that is computed once, even with many threads."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class cached_once(Generic[T]):  # noqa: N801  it is used as functools.cached_property is
    """A `functools.cached_property` with a lock.

    Since Python 3.12, several threads may compute a `functools.cached_property` at once. The value
    is in the object's `__dict__` under its name; if it is removed, it is computed again.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> "cached_once[T]": ...

    @overload
    def __get__(self, owner: object, kind: type) -> T: ...

    def __get__(self, owner: object | None, kind: type) -> "T | cached_once[T]":
        """Compute the value; called only while it is not in the object's `__dict__`."""
        if owner is None:
            return self
        made = owner.__dict__
        lock: threading.RLock = made.setdefault(f"_making_{self._name}", threading.RLock())
        with lock:
            if self._name not in made:  # another thread may have made it
                made[self._name] = self._make(owner)
            value: T = made[self._name]
            return value
