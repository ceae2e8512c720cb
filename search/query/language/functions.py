"""The functions of the language of queries: `text(…)`, `image(…)`, `like(…)` and others."""

from dataclasses import dataclass

from mvsearch.search.query.language.roles import Role
from mvsearch.search.query.query import QueryKind, QueryPart


@dataclass(frozen=True, slots=True)
class Function:
    """What a name with an argument stands for.

    Attributes:
        kind: of the part.
        role: by what alone a video is compared; None for all.
    """

    kind: QueryKind
    role: Role | None = None


# The first name of several for one thing is the one that is printed.
FUNCTIONS: dict[str, Function] = {
    "text": Function("text"),
    "lyric": Function("lyric"),
    "ocr": Function("ocr"),
    "image": Function("image"),
    "clip": Function("clip"),
    "sound": Function("audio"),
    "audio": Function("audio"),
    "like": Function("like"),
    "look_of": Function("like", "look-of"),
    "sound_of": Function("like", "sound-of"),
    "lyrics_of": Function("like", "lyrics-of"),
    "look_of_image": Function("image", "look-of"),
    "look_of_clip": Function("clip", "look-of"),
    "sound_of_clip": Function("clip", "sound-of"),
}


def find_function(part: QueryPart) -> str | None:
    """The name of the function that makes a part; None where there is none."""
    wanted = Function(part.kind, part.role)
    return next((name for name, one in FUNCTIONS.items() if one == wanted), None)
