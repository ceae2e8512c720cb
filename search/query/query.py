"""The query: its parts, weights and time ranges, parsed from user input."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from mvsearch.search.query.language.roles import (
    CONTRASTS,
    NEGATIVE,
    ROLE_MODALITIES,
    SIDE_NAMES,
    Role,
    check_roles,
)
from mvsearch.search.query.language.sections import (
    MAX_SECONDS,
    Section,
    parse_section,
    parse_time,
)
from mvsearch.search.query.media import Media, written
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Modality
from mvsearch.store.unicode import printable, replace_surrogates

if TYPE_CHECKING:
    from mvsearch.search.temporal.expression import Expression

__all__ = [
    "MAX_QUERY_LETTERS", "MAX_SECONDS", "QUERY_KINDS", "REACHES", "SECTION_KINDS", "WORD_KINDS",
    "Query", "QueryKind", "QueryPart", "Section", "check_file", "parse_part", "parse_section",
    "parse_time",
]  # fmt: skip

QueryKind = Literal["text", "lyric", "ocr", "image", "clip", "audio", "like"]
QUERY_KINDS: tuple[QueryKind, ...] = get_args(QueryKind)
WORD_KINDS: frozenset[QueryKind] = frozenset({"text", "lyric", "ocr"})
SECTION_KINDS: frozenset[QueryKind] = frozenset({"clip", "audio", "like"})

# Songs have fewer letters, and no encoder reads more.
MAX_QUERY_LETTERS = 10_000

# The modalities that each kind of part can be compared in.
REACHES: dict[QueryKind, tuple[Modality, ...]] = {
    "text": ("frames", "lyrics", "audio", "ocr"),
    "lyric": ("lyrics",),
    "ocr": ("ocr",),
    "image": ("frames",),
    "clip": ("frames", "audio"),
    "audio": ("audio",),
    "like": ("frames", "lyrics", "audio"),
}


@dataclass(frozen=True, slots=True)
class QueryPart:
    """One part of a query.

    Attributes:
        kind: see `QueryKind`.
        value: the words, the path of the file, or the name of a video of the library.
        section: of the file or video; None for all of it.
        media: media in memory instead of a file; `value` is then their name.
        role: by what alone it is compared, or that it counts against a video; None for a part
            that is compared by all that it has.
    """

    kind: QueryKind
    value: str
    section: Section | None = None
    media: Media | None = None
    role: Role | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.kind not in QUERY_KINDS:
            raise QueryError(f"a query part is one of {', '.join(QUERY_KINDS)}, not {self.kind!r}")
        if not self.value.strip():
            raise QueryError(f"--{self.kind} is empty: say what to look for")
        _check_length(self.kind, self.value)
        if self.section is not None and self.kind not in SECTION_KINDS:
            raise QueryError(f"--{self.kind} has no section: leave out what follows the '@'")
        if self.modality is not None and self.modality not in REACHES[self.kind]:
            side = SIDE_NAMES[self.modality]
            has = "has lyrics" if side == "lyrics" else f"has a {side}"
            raise QueryError(f"--{self.role} takes what {has}, and {self.name} has none")

    @property
    def modality(self) -> Modality | None:
        """The modality in which alone it is compared; None for each that it has."""
        return None if self.role is None else ROLE_MODALITIES.get(self.role)

    @property
    def is_negative(self) -> bool:
        """Whether videos that have it are pushed down."""
        return self.role in NEGATIVE

    @property
    def is_constant(self) -> bool:
        """Whether it is words or media in memory, which do not change as files and videos do."""
        return self.kind in WORD_KINDS or self.media is not None

    @property
    def path(self) -> Path:
        """The file of an image, clip or audio part."""
        return Path(self.value)

    @property
    def name(self) -> str:
        """The name of the media of an image, clip or audio part in messages."""
        return repr(self.path.name) if self.media is None else f"the {self.kind}"

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """The file of the media; media in memory are written to a temporary file.

        Raises:
            MediaError: the media cannot be written.
        """
        if self.media is not None:
            with written(self.media) as file:
                yield file
        else:
            yield self.path


@dataclass(frozen=True, slots=True)
class Query:
    """A query; the similarities of its parts are fused into one score.

    Attributes:
        filter: selects the videos to compare; without parts, all of them are results.
        expression: how the parts lie in time; its parts are `parts`, which may be left empty. None
            if they may be anywhere.
    """

    parts: tuple[QueryPart, ...]
    filter: Filter = Filter()
    expression: "Expression | None" = None

    def __post_init__(self) -> None:
        """Refuse an empty query."""
        if self.expression is not None:
            from mvsearch.search.temporal.expression import list_parts

            object.__setattr__(self, "parts", list_parts(self.expression, self.parts))
        if not self.parts and not self.filter:
            kinds = ", ".join(f"--{kind}" for kind in QUERY_KINDS)
            raise QueryError(f"nothing to search for: give {kinds}, or a filter such as --tag")
        check_roles([part.role for part in self.parts], in_time=self.expression is not None)

    @property
    def is_contrast(self) -> bool:
        """Whether it asks for what is like one thing and unlike another."""
        return any(part.role in CONTRASTS for part in self.parts)

    @property
    def has_negative(self) -> bool:
        """Whether videos that have a part of it are pushed down."""
        return any(part.is_negative for part in self.parts)

    @property
    def is_plain(self) -> bool:
        """Whether all parts speak for a video, wherever in it they are."""
        return not self.has_negative and self.expression is None

    @property
    def written(self) -> str | None:
        """The expression in the language of queries; None without one, or if it has no words."""
        from mvsearch.search.query.language.printing import print_expression

        with suppress(QueryError):
            return None if self.expression is None else print_expression(self.expression)
        return None

    def to_dict(self) -> dict[str, Any]:
        """The query in the form of the JSON output."""
        parts = [
            {
                "kind": part.kind,
                "value": printable(part.value),
                "start_seconds": part.section.start_seconds if part.section else None,
                "end_seconds": part.section.end_seconds if part.section else None,
                **({} if part.role is None else {"role": part.role}),
            }
            for part in self.parts
        ]
        tags = [printable(tag) for tag in self.filter.tags]
        found = {"parts": parts, "tags": tags, "filter": self.filter.to_dict()}
        if self.expression is None:
            return found
        return found | {"expression": self.expression.write(count()), "written": self.written}


def _check_length(option: str, value: str) -> None:
    if len(value) > MAX_QUERY_LETTERS:
        raise QueryError(
            f"--{option} has {len(value)} letters; at most {MAX_QUERY_LETTERS} are read"
        )


def parse_part(kind: QueryKind, value: str) -> QueryPart:
    """Parse one option of the command line, such as `--clip holiday.mp4@1:05-1:10`.

    Raises:
        QueryError: it is empty, or its section is invalid.
    """
    if kind in WORD_KINDS:
        return QueryPart(kind, replace_surrogates(value))
    if kind not in SECTION_KINDS:
        return QueryPart(kind, value)
    name, section = parse_section(value)
    return QueryPart(kind, name, section)


def check_file(path: Path, name: str) -> None:
    """Check that a path is a regular file; devices and pipes might never end.

    Args:
        path: of the file.
        name: as given by the user.

    Raises:
        QueryError: it is not.
    """
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:
        raise QueryError(f"no file is called {name!r}: {error.strerror}") from None
    if is_folder:
        raise QueryError(f"{name!r} is a folder: name a file in it")
    if not is_file:
        raise QueryError(f"no file is called {name!r}")
