"""What a diagnosis finds: each with what is wrong and how to mend it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

State = Literal["ok", "note", "problem"]
Area = Literal["programs", "packages", "encoders", "library", "disk", "machine"]
AREAS: tuple[Area, ...] = get_args(Area)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: "note" is worth knowing, and nothing fails by it.
        what: how it is, in one line.
        how: to mend it; empty if there is nothing to do.
    """

    area: Area
    name: str
    state: State
    what: str
    how: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was looked at.

    Attributes:
        library: the folder or the address.
        version: of mvsearch; None where its modules run from their folder.
    """

    library: str
    version: str | None
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What fails, or will."""
        return tuple(one for one in self.findings if one.state == "problem")

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON."""
        return {
            "library": self.library,
            "version": self.version,
            "is_well": not self.problems,
            "findings": [one.to_dict() for one in self.findings],
        }
