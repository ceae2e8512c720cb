"""Puts a group of options into a command in the place of one of its parameters."""

import inspect
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any


def expand(
    name: str, make: Callable[..., Any], without: Collection[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a command with a parameter: replaces it by those of a function that makes its value.

    Args:
        name: of the parameter.
        make: takes the options, annotated as those of a command are.
        without: parameters of `make` that are no options of this command.
    """
    taken_by = inspect.signature(make).parameters
    options = {option: one for option, one in taken_by.items() if option not in without}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(*args: Any, **kwargs: Any) -> None:
            asked = {option: kwargs.pop(option) for option in options}
            command(*args, **{name: make(**asked)}, **kwargs)

        own = inspect.signature(command)
        parameters: list[inspect.Parameter] = []
        for one in own.parameters.values():
            taken = options.values() if one.name == name else [one]
            parameters += [option.replace(kind=one.kind) for option in taken]
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return decorate
