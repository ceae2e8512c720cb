"""The query: its parts, weights and time ranges, parsed from user input."""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from mvsearch.search.query.media import Media, written
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Modality
from mvsearch.store.unicode import printable, replace_surrogates

if TYPE_CHECKING:
    from mvsearch.search.temporal.expression import Expression

QueryKind = Literal["text", "lyric", "ocr", "image", "clip", "audio", "like"]
QUERY_KINDS: tuple[QueryKind, ...] = get_args(QueryKind)
WORD_KINDS: frozenset[QueryKind] = frozenset({"text", "lyric", "ocr"})
SECTION_KINDS: frozenset[QueryKind] = frozenset({"clip", "audio", "like"})
# What a part of a contrast is compared by, and whether the answers are like it or unlike it.
Role = Literal["looks-like", "sounds-like", "looks-unlike", "sounds-unlike"]
ROLES: tuple[Role, ...] = get_args(Role)

# Larger numbers are mistakes, and more than ffmpeg can represent.
MAX_SECONDS = 1e7
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

_CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)", re.ASCII)
_SECONDS = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Section:
    """A time range of a file; None is its start or end."""

    start_seconds: float | None = None
    end_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check that the section ends after it starts."""
        start = self.start_seconds or 0.0
        end = math.inf if self.end_seconds is None else self.end_seconds
        if not 0 <= start < end:
            raise QueryError(f"a section ends after it starts, not {start:g}-{end:g} s")

    def holds(self, start_seconds: float | None, end_seconds: float | None) -> bool:
        """Whether a segment overlaps the section; not without times."""
        if start_seconds is None or end_seconds is None:
            return False
        end = math.inf if self.end_seconds is None else self.end_seconds
        return start_seconds < end and end_seconds > (self.start_seconds or 0.0)


@dataclass(frozen=True, slots=True)
class QueryPart:
    """One part of a query.

    Attributes:
        kind: see `QueryKind`.
        value: the words, the path of the file, or the name of a video of the library.
        section: of the file or video; None for all of it.
        media: media in memory instead of a file; `value` is then their name.
        role: of a part of a contrast; None in other queries.
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
        if self.role is not None and self.modality not in REACHES[self.kind]:
            lacks = "picture" if self.modality == "frames" else "sound"
            raise QueryError(f"--{self.role} takes what has a {lacks}, and {self.name} has none")

    @property
    def modality(self) -> Modality | None:
        """The modality in which a part of a contrast is compared."""
        if self.role is None:
            return None
        return "frames" if self.role.startswith("looks") else "audio"

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
        if self.is_contrast:
            _check_contrast([part.role for part in self.parts])

    @property
    def is_contrast(self) -> bool:
        """Whether it asks for what is like one thing and unlike another."""
        return any(part.role is not None for part in self.parts)

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
        more = {} if self.expression is None else {"expression": self.expression.write(count())}
        return found | more


def _check_length(option: str, value: str) -> None:
    if len(value) > MAX_QUERY_LETTERS:
        raise QueryError(
            f"--{option} has {len(value)} letters; at most {MAX_QUERY_LETTERS} are read"
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


def parse_time(text: str) -> float:
    """Parse `mm:ss`, `h:mm:ss` or seconds, with decimals, into seconds.

    Raises:
        QueryError: it is none of these, has more than 59 seconds or (after hours) minutes, or is
            too large.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return _check_seconds(float(text))
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise QueryError(f"a time is written 83, 1:23 or 0:01:23, not {text!r}")
    hours, minutes, seconds = int(match[1] or 0), int(match[2]), float(match[3])
    if seconds >= 60 or (match[1] is not None and minutes >= 60):
        raise QueryError(f"a time has at most 59 minutes and seconds, not {text!r}")
    return _check_seconds(hours * 3600 + minutes * 60 + seconds)


def _check_seconds(seconds: float) -> float:
    if seconds > MAX_SECONDS:
        raise QueryError("a time lies at most some thousand hours behind the start")
    return seconds


def parse_section(text: str) -> tuple[str, Section | None]:
    """Split `FILE@START-END`, where START or END may be omitted, into name and section.

    If a file of the whole name exists, there is no section.

    Raises:
        QueryError: FILE exists, but the text after the '@' is not a section.
    """
    name, mark, times = text.rpartition("@")
    if not mark or not name or _exists(text):
        return text, None
    try:
        return name, _read_section(times)
    except QueryError:
        # Other text after an '@' is part of the name, unless it consists of digits and signs.
        if _exists(name) or re.fullmatch(r"[\d:.,\s-]+", times):
            raise
        return text, None


def _read_section(times: str) -> Section:
    start, mark, end = times.partition("-")
    if not mark or not (start.strip() or end.strip()):
        raise QueryError(f"a section is written @START-END, for example @1:05-1:10, not @{times}")
    return Section(
        parse_time(start) if start.strip() else None, parse_time(end) if end.strip() else None
    )


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # the name is too long, or has a zero byte
        return False


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
