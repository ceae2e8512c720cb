"""Parses the command-line options that select evaluation queries."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

from mvsearch.search.evaluation.outcomes import OutcomeKind
from mvsearch.search.evaluation.queries.groups import Groups, group_by_tags, read_groups
from mvsearch.search.evaluation.queries.sample import EVERY_DISTORTION, KINDS, NAMED_KINDS
from mvsearch.store.errors import MvsearchError, QueryError
from mvsearch.store.library import Library

EVERY = "all"


def parse_lengths(text: str) -> tuple[float, ...]:
    """Parse `5` or `3,5,10`.

    Raises:
        QueryError: a length is not a number.
    """
    lengths = []
    for word in text.split(","):
        try:
            lengths.append(float(word))
        except ValueError:
            lengths.append(math.nan)
        if not math.isfinite(lengths[-1]):
            raise QueryError(f"the lengths of clips are seconds, such as 3,5,10, not {word!r}")
    return tuple(dict.fromkeys(lengths))


def parse_distortions(text: str) -> tuple[str, ...]:
    """Parse `all`, or names separated by commas, such as `none,crop 70,1.1x speed`.

    Case, spaces and signs are ignored, and a unique beginning of a name suffices. The result is in
    the order of `EVERY_DISTORTION`.

    Raises:
        QueryError: a name is unknown or ambiguous.
    """
    if text.strip().lower() == EVERY:
        return EVERY_DISTORTION
    asked = {_find_distortion(word) for word in text.split(",")}
    return tuple(name for name in EVERY_DISTORTION if name in asked)


def parse_kinds(text: str) -> tuple[OutcomeKind, ...]:
    """Parse `clip,image,lyric,mix,similar,own-sound,in-time,feedback`.

    Raises:
        QueryError: a kind is unknown.
    """
    known = (*KINDS, *NAMED_KINDS)
    asked = [word.strip().lower() for word in text.split(",")]
    for word in asked:
        if word not in known:
            raise QueryError(f"a kind of query is {', '.join(known)}, not {word!r}")
    return tuple(kind for kind in known if kind in asked)


def choose_groups(library: Library, files: Sequence[Path]) -> Groups:
    """The groups of the files; without files, those by the tags."""
    return read_groups(files, library) if files else group_by_tags(library.catalog.videos())


def _find_distortion(word: str) -> str:
    wanted = _plain(word)
    names = {_plain(name): name for name in EVERY_DISTORTION}
    fitting = [name for plain, name in names.items() if wanted and plain.startswith(wanted)]
    if wanted in names:
        return names[wanted]
    if len(fitting) != 1:
        problem = "fits several" if fitting else "is unknown"
        raise QueryError(f"the distortion {word!r} {problem}: {', '.join(EVERY_DISTORTION)}")
    return fitting[0]


def _plain(name: str) -> str:
    """Keep letters, digits and points; `×` becomes `x`."""
    return re.sub(r"[^a-z0-9.]", "", name.lower().replace("×", "x"))


def parse_compared(text: str, own: str) -> list[str]:
    """Parse the names of profiles or encoders to compare, such as `embedded,paper`.

    Args:
        text: names with commas between them.
        own: the profile of the library, with which a single name is compared.

    Returns:
        The names without duplicates, two at least.

    Raises:
        MvsearchError: there are fewer than two.
    """
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(names) == 1 and names != [own]:
        names.insert(0, own)
    if len(names) < 2:
        raise MvsearchError(
            "to compare, name two profiles or more, such as embedded,paper, or an encoder of"
            f" mvsearch encoders list: {text}"
        )
    return names
