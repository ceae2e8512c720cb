"""Joins the options of a command line to the expression of a query: `--then`, `--while`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mvsearch.search.query.guess import VideoLookup, guess_media
from mvsearch.search.query.language.roles import Role
from mvsearch.search.query.query import QUERY_KINDS, QueryPart, parse_part, parse_time
from mvsearch.search.temporal.expression import Expression, Leaf, Not, Then, While
from mvsearch.store.errors import QueryError

_ROLES: dict[str, Role] = {
    "look_of": "look-of",
    "sound_of": "sound-of",
    "lyrics_of": "lyrics-of",
    "unlike": "not",
}
Given = tuple[str, str]
# What joins parts.
JOINTS = ("while_", "then", "within")


def read_part(name: str, value: str, library: VideoLookup) -> QueryPart:
    """The part that an option stands for.

    Args:
        name: of the option, such as "lyric" or "look_of".
        value: of the option.
        library: in which videos are looked up.

    Raises:
        QueryError: the value is invalid.
    """
    if name in QUERY_KINDS:
        return parse_part(name, value)
    if name == "not_text":
        return replace(parse_part("text", value), role="not")
    option = name.replace("_", "-")
    if not value.strip():
        raise QueryError(f"--{option} is empty: name a video or a file")
    part = parse_part("like", value) if name == "lyrics_of" else guess_media(value, library)
    return replace(part, role=_ROLES[name])


@dataclass(slots=True)
class _Moment:
    """The parts of one moment, and how long after the one before it is; None for any time."""

    parts: list[Leaf | Not]
    within_seconds: float | None = None

    def join(self) -> Expression:
        """The expression of the parts.

        Raises:
            QueryError: there are none.
        """
        if not self.parts:
            raise QueryError("--then stands between parts: give one before it and one after it")
        return self.parts[0] if len(self.parts) == 1 else While(tuple(self.parts))


def chain_parts(
    first: Sequence[QueryPart], given: Sequence[Given], read: Callable[[str, str], QueryPart]
) -> Expression | None:
    """The expression of options; those that no `--then` divides are at one moment.

    Args:
        first: parts that come first, such as bare words.
        given: names and values of the options in their order.
        read: makes a part of a name and a value.

    Returns:
        None if no option says how the parts lie in time.

    Raises:
        QueryError: an option lacks what it joins.
    """
    if not any(name in JOINTS for name, _ in given):
        return None
    moments = [_Moment([_make_leaf(part) for part in first])]
    for name, value in given:
        if name == "then":
            moments.append(_Moment([]))
        if name == "within":
            _limit(moments, value)
        elif name not in JOINTS:
            moments[-1].parts.append(_make_leaf(read(name, value)))
        elif value:
            moments[-1].parts.append(Leaf(parse_part("text", value)))
    _check_while(given, has_first=bool(first))
    made, *others = [moment.join() for moment in moments]
    for moment, second in zip(moments[1:], others, strict=True):
        made = Then(made, second, moment.within_seconds)  # type: ignore[arg-type]  # checked inside
    return made


def _check_while(given: Sequence[Given], *, has_first: bool) -> None:
    """Check that each `--while` has a part before it and one after it, or its own words."""
    names = ["then", *(["text"] if has_first else []), *(name for name, _ in given), "then"]
    values = ["", *([""] if has_first else []), *(value for _, value in given), ""]
    for at, name in enumerate(names):
        is_alone = not values[at] and names[min(at + 1, len(names) - 1)] in JOINTS
        if name == "while_" and (is_alone or (names[at - 1] == "then" and not values[at - 1])):
            raise QueryError("--while joins what stands before it and what follows it")


def _limit(moments: Sequence[_Moment], value: str) -> None:
    if len(moments) < 2 or moments[-1].within_seconds is not None:
        raise QueryError("--within stands once after a --then, and says how long after")
    moments[-1].within_seconds = parse_time(value.strip().removesuffix("s"))


def _make_leaf(part: QueryPart) -> Leaf | Not:
    if part.kind == "audio":  # it has no other side
        part = part if part.is_negative else replace(part, role=None)
    return Not(Leaf(replace(part, role=None))) if part.role == "not" else Leaf(part)
