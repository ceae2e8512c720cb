"""What servers tell each other of a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JobState = Literal["queued", "running", "done", "cancelled", "failed", "interrupted"]
UNFINISHED: tuple[JobState, ...] = ("queued", "running")


@dataclass(frozen=True, slots=True)
class JobLimits:
    """How many jobs there may be.

    Attributes:
        n_running: at once.
        n_kept, n_texts: that are kept after their end, and the reports of them.
        lasting: (kind, topic) of jobs of which the last one is kept whatever comes after it.
    """

    n_running: int
    n_kept: int
    n_texts: int
    lasting: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job as it was when it was read.

    Attributes:
        topic: what it is about, among the jobs of its kind.
        is_writing: whether it changes the library.
        version: grows with each change.
        is_paused: whether it was ended to be resumed.
        told: its stages and lines, as JSON has them.
        result: what the work returned.
        problem: why it did not come to an end.
    """

    id: str
    kind: str
    topic: str
    is_writing: bool
    state: JobState
    version: int
    is_paused: bool
    told: Mapping[str, Any] = field(default_factory=dict)
    result: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its end is to come."""
        return self.state in UNFINISHED

    def to_dict(self) -> dict[str, Any]:
        """The job as the API tells it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "stages": self.told.get("stages", []),
            "lines": self.told.get("lines", []),
            "n_lines": self.told.get("n_lines", 0),
            "result": self.result,
            "problem": self.problem,
            "is_paused": self.is_paused,
        }


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A job that a server has taken: what to do."""

    id: str
    kind: str
    topic: str
    is_writing: bool
    asked: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended.

    Attributes:
        text: the report that it wrote.
    """

    state: JobState
    told: Mapping[str, Any]
    result: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """Media that a browser sent."""

    id: str
    kind: str
    name: str
    data: bytes
