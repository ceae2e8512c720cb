"""A command that knows in which order its options were given, such as of `--lyric` and `--then`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperCommand

_KEY = "mvsearch.order"
# Options whose value may be left out.
_MAY_BE_BARE = ("--then", "--while")


class OrderedCommand(TyperCommand):
    """A command whose options that may be repeated are listed in their order."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; `list_given` then has the options."""
        given = list(_give_values(args))
        values, _, order = self.make_parser(ctx).parse_args(args=list(given))
        ctx.meta[_KEY] = tuple(_list_values(values, order))
        return super().parse_args(ctx, given)


def list_given(context: typer.Context) -> tuple[tuple[str, str], ...]:
    """The names and values of the options that may be repeated, in the order of the line."""
    found: tuple[tuple[str, str], ...] = context.meta.get(_KEY, ())
    return found


def _give_values(args: Sequence[str]) -> Iterator[str]:
    """The arguments, with an empty value for `--then` and `--while` that have none."""
    for at, one in enumerate(args):
        if one == "--":
            yield from args[at:]
            return
        following = args[at + 1] if at + 1 < len(args) else "-"
        yield f"{one}=" if one in _MAY_BE_BARE and following.startswith("-") else one


def _list_values(values: Mapping[str, Any], order: Sequence[Any]) -> Iterator[tuple[str, str]]:
    taken: dict[str, int] = {}
    for option in order:
        given = values.get(option.name)
        if isinstance(given, list):
            at = taken.get(option.name, 0)
            taken[option.name] = at + 1
            yield option.name, str(given[at])
