"""The roles of query parts: by what a part is compared, and whether it counts against a video."""

from collections.abc import Sequence
from typing import Literal, get_args

from mvsearch.store.errors import QueryError
from mvsearch.store.records import Modality

# The first four make a contrast; "not" is compared by all that its part has.
Role = Literal[
    "looks-like",
    "sounds-like",
    "looks-unlike",
    "sounds-unlike",
    "look-of",
    "sound-of",
    "lyrics-of",
    "not",
]
ROLES: tuple[Role, ...] = get_args(Role)
CONTRASTS: frozenset[Role] = frozenset(
    {"looks-like", "sounds-like", "looks-unlike", "sounds-unlike"}
)
NEGATIVE: frozenset[Role] = frozenset({"looks-unlike", "sounds-unlike", "not"})
# What each role is compared by; what is not here is compared by all that the part has.
ROLE_MODALITIES: dict[Role, Modality] = {
    "looks-like": "frames",
    "sounds-like": "audio",
    "looks-unlike": "frames",
    "sounds-unlike": "audio",
    "look-of": "frames",
    "sound-of": "audio",
    "lyrics-of": "lyrics",
}
SIDE_NAMES: dict[Modality, str] = {"frames": "picture", "audio": "sound", "lyrics": "lyrics"}


def check_roles(roles: Sequence[Role | None], *, in_time: bool = False) -> None:
    """Check that the parts of a query go together.

    Raises:
        QueryError: a contrast lacks a side or has further parts, nothing is asked for, or a part
            that lies in time has such a role.
    """
    if in_time and any(role in CONTRASTS | NEGATIVE for role in roles):
        raise QueryError("parts that lie in time are excluded by Not, and make no contrast")
    if any(role in CONTRASTS for role in roles):
        _check_contrast(roles)
    if roles and all(role in NEGATIVE for role in roles):
        raise QueryError(
            "say what to look for besides what is to be left out, such as --text or --like"
        )


def _check_contrast(roles: Sequence[Role | None]) -> None:
    if sorted(map(str, roles)) not in (
        ["looks-like", "sounds-unlike"],
        ["looks-unlike", "sounds-like"],
    ):
        raise QueryError(
            "a contrast is --looks-like X with --sounds-unlike Y, or --sounds-like X with"
            " --looks-unlike Y, and nothing else"
        )
