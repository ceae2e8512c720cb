"""A session: a query, and rounds of what it showed and which of that was liked or disliked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mvsearch.search.options import SearchOptions
from mvsearch.search.query.language.roles import Role
from mvsearch.search.query.query import Query, QueryKind, QueryPart, Section
from mvsearch.search.temporal.expression import Expression, read_expression, write_expression
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import MODALITIES, Modality, check_span
from mvsearch.store.unicode import printable

MAX_ROUNDS = 100
# As many results as a list of a session shows, and as many judgements of one list.
MAX_SHOWN = 200
# Each is compared with all videos.
MAX_JUDGED = 500
MAX_NAME_LETTERS = 100
MAX_ID_LETTERS = 200
# The year 5138.
MAX_CHANGED_SECONDS = 1e11
WHAT: Mapping[str, str] = {"image": "a picture", "clip": "a clip", "audio": "a sound"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One result that is liked or disliked.

    Attributes:
        modalities: what of it; empty for all.
        start_seconds, end_seconds: of the moment that is meant; None for the whole video.
    """

    video_id: str
    is_liked: bool
    modalities: tuple[Modality, ...] = ()
    start_seconds: float | None = None
    end_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0 < len(self.video_id) <= MAX_ID_LETTERS:
            raise QueryError("a judgement names a video by its id")
        if not set(self.modalities) <= set(MODALITIES):
            raise QueryError(f"a judgement is about {', '.join(MODALITIES)}, and nothing else")
        check_span(self.start_seconds, self.end_seconds)

    def is_about(self, modality: Modality) -> bool:
        """Whether it says anything of a modality."""
        return not self.modalities or modality in self.modalities

    def contradicts(self, other: "Judgement") -> bool:
        """Whether one likes what the other dislikes."""
        is_same = self.video_id == other.video_id and self.is_liked != other.is_liked
        return is_same and any(self.is_about(m) and other.is_about(m) for m in MODALITIES)

    def to_dict(self) -> dict[str, Any]:
        """The judgement in the form of the JSON output."""
        return {
            "video_id": self.video_id,
            "is_liked": self.is_liked,
            "modalities": list(self.modalities),
            "start_seconds": self.start_seconds,
            "end_seconds": self.end_seconds,
        }


@dataclass(frozen=True, slots=True)
class Round:
    """A list that was shown, and the judgements of its results; the last list has none yet.

    Attributes:
        shown: the ids of the videos, best first.
        is_new: whether what earlier lists showed was left out.
    """

    shown: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    is_new: bool = False

    def __post_init__(self) -> None:
        """Check the bounds."""
        if max(len(self.shown), len(self.judgements)) > MAX_SHOWN:
            raise QueryError(f"a list of a session has at most {MAX_SHOWN} results")
        if any(not 0 < len(one) <= MAX_ID_LETTERS for one in self.shown):
            raise QueryError("a list of a session has ids of videos")

    def to_dict(self) -> dict[str, Any]:
        """The round in the form of the JSON output."""
        judged = [one.to_dict() for one in self.judgements]
        return {"shown": list(self.shown), "judgements": judged, "is_new": self.is_new}


@dataclass(frozen=True, slots=True)
class AskedPart:
    """One part of the query of a session; see `QueryPart`.

    Attributes:
        value: words, a path or a video; of media that were in memory, what they are.
        copy: the name of the copy of these; None for other parts.
    """

    kind: QueryKind
    value: str
    start_seconds: float | None = None
    end_seconds: float | None = None
    role: Role | None = None
    copy: str | None = None

    @classmethod
    def take(cls, part: QueryPart, copy: str | None = None) -> "AskedPart":
        """The part as a session keeps it; see `media_copies` for media in memory."""
        section = part.section or Section()
        is_file = part.kind in ("image", "clip", "audio") and part.media is None
        value = str(part.path.absolute()) if is_file else part.value
        times = section.start_seconds, section.end_seconds
        return cls(part.kind, value if copy is None else WHAT[part.kind], *times, part.role, copy)

    def to_part(self) -> QueryPart:
        """The part of a query; the media of one with a copy are read by `media_copies`."""
        has_section = self.start_seconds is not None or self.end_seconds is not None
        section = Section(self.start_seconds, self.end_seconds) if has_section else None
        return QueryPart(self.kind, self.value, section, role=self.role)

    def to_dict(self) -> dict[str, Any]:
        """The part in the form of the JSON output."""
        return {
            "kind": self.kind,
            "value": printable(self.value),
            "start_seconds": self.start_seconds,
            "end_seconds": self.end_seconds,
            **({} if self.role is None else {"role": self.role}),
        }


@dataclass(frozen=True, slots=True)
class FeedbackSession:
    """A search that is refined by what is liked and disliked of its results.

    Attributes:
        parts, filter, options: of the query.
        rounds: the lists that were shown; the last has no judgements yet.
        is_kept: whether the user named it; others make room for new ones.
        changed_seconds: since 1970, UTC.
        expression: how the parts lie in time, as JSON; None if they may be anywhere.
    """

    name: str
    parts: tuple[AskedPart, ...]
    filter: Filter
    options: SearchOptions
    rounds: tuple[Round, ...]
    is_kept: bool = True
    changed_seconds: float = 0.0
    expression: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Check the name and the bounds."""
        check_name(self.name)
        if not self.rounds or self.rounds[-1].judgements:
            raise QueryError("a session ends with a list that is not judged yet")
        if len(self.rounds) > MAX_ROUNDS:
            raise QueryError(f"a session has at most {MAX_ROUNDS} lists: begin another one")
        if sum(len(one.judgements) for one in self.rounds) > MAX_JUDGED:
            raise QueryError(f"a session has at most {MAX_JUDGED} judgements: take some back")
        if not 0 <= self.changed_seconds <= MAX_CHANGED_SECONDS:
            raise QueryError("a session was changed at a time")

    @property
    def query(self) -> Query:
        """What was asked, without media that were in memory."""
        return self.make_query(tuple(part.to_part() for part in self.parts))

    def make_query(self, parts: tuple[QueryPart, ...]) -> Query:
        """What was asked, by its parts."""
        if self.expression is None:
            return Query(parts, self.filter)
        return Query((), self.filter, read_expression(self.expression, parts))

    @property
    def shown(self) -> tuple[str, ...]:
        """The ids of the last list, to which numbers refer."""
        return self.rounds[-1].shown

    @property
    def hidden(self) -> frozenset[str]:
        """The ids of what the last list leaves out, because it was shown before."""
        if not self.rounds[-1].is_new:
            return frozenset()
        return frozenset(one for before in self.rounds[:-1] for one in before.shown)

    @property
    def counted(self) -> tuple[Round, ...]:
        """The rounds with the judgements that count: not those that a later one contradicts."""
        later: dict[str, tuple[Judgement, ...]] = {}
        rounds: list[Round] = []
        for one in reversed(self.rounds):
            rounds.append(replace(one, judgements=_leave_out(one.judgements, later)))
            for judged in one.judgements:
                later[judged.video_id] = (*later.get(judged.video_id, ()), judged)
        return tuple(reversed(rounds))

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """All that count, in order."""
        return tuple(judged for one in self.counted for judged in one.judgements)

    def judge(
        self, judgements: tuple[Judgement, ...], *, is_new: bool = False
    ) -> "FeedbackSession":
        """With these judgements of the last list, and an empty list after it.

        An earlier one that a judgement contradicts counts again when this is taken back.

        Args:
            judgements: of results of the last list.
            is_new: whether the next list leaves out what was shown before.
        """
        last = replace(self.rounds[-1], judgements=judgements)
        return replace(self, rounds=(*self.rounds[:-1], last, Round(is_new=is_new)))

    def forget(self, video_ids: frozenset[str]) -> "FeedbackSession":
        """Without the judgements of some videos."""
        rounds = tuple(
            replace(one, judgements=tuple(j for j in one.judgements if j.video_id not in video_ids))
            for one in self.rounds
        )
        return replace(self, rounds=rounds)

    def undo(self) -> "FeedbackSession":
        """Without the last list and the judgements that led to it.

        Raises:
            QueryError: there is nothing to take back.
        """
        if len(self.rounds) < 2:
            raise QueryError(f"{self.name} has no judgement to take back")
        before = replace(self.rounds[-2], judgements=())
        return replace(self, rounds=(*self.rounds[:-2], before))

    def show(self, video_ids: tuple[str, ...]) -> "FeedbackSession":
        """With these videos as its last list."""
        last = replace(self.rounds[-1], shown=video_ids[:MAX_SHOWN])
        return replace(self, rounds=(*self.rounds[:-1], last))

    def to_dict(self) -> dict[str, Any]:
        """The session in the form of the JSON output."""
        return {
            "name": self.name,
            "is_kept": self.is_kept,
            "changed_seconds": round(self.changed_seconds, 3),
            "parts": [part.to_dict() for part in self.parts],
            **({} if self.expression is None else {"expression": self.expression}),
            "filter": self.filter.to_dict(),
            "options": {**self.options.to_dict(), **_list_limits(self.options)},
            "rounds": [one.to_dict() for one in self.rounds],
        }


def _list_limits(options: SearchOptions) -> dict[str, Any]:
    names = ("top", "n_moments", "has_collapse", "per_artist")
    return {name: getattr(options, name) for name in names}


def check_name(name: str) -> str:
    """The name of a session.

    Raises:
        QueryError: it is empty, too long, or has control characters or spaces around it.
    """
    if not 0 < len(name) <= MAX_NAME_LETTERS or printable(name) != name or name != name.strip():
        raise QueryError(f"the name of a session has 1 to {MAX_NAME_LETTERS} letters")
    return name


def write_maybe(expression: Expression | None) -> dict[str, Any] | None:
    """The JSON of an expression, if there is one."""
    return None if expression is None else write_expression(expression)


def _leave_out(
    judgements: tuple[Judgement, ...], later: Mapping[str, tuple[Judgement, ...]]
) -> tuple[Judgement, ...]:
    return tuple(
        one for one in judgements if not any(map(one.contradicts, later.get(one.video_id, ())))
    )
