"""What a campaign counts, and how each finding is said so that it can be played again."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

Fault = Literal["lost", "traceback", "hang", "growth"]
FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not happen.

    Attributes:
        kind: of trial, such as "media".
        seed: of the one trial in which it happened.
        name: of the file or the act.
        detail: what was seen: the end of a traceback, what differs, where it hangs.
    """

    fault: Fault
    kind: str
    seed: int
    name: str
    detail: str

    def describe(self) -> str:
        """Several lines; the first one says how to see it again."""
        first = f"{self.fault}: {self.kind} --seed {self.seed} --count 1  ({self.name!r})"
        lines = self.detail.strip().splitlines()
        # The stacks of a hang begin where it is; a traceback ends there.
        shown = lines[:30] if self.fault == "hang" else lines[-12:]
        return "\n    ".join([first, *shown])


@dataclass(slots=True)
class Tally:
    """Counts of one kind of trial; several threads may add to it.

    Attributes:
        tell: is given each finding at once.
        tried: trials that were made.
        notes: what is no fault and worth a number, such as refusals by their code.
        skipped: why none was made, where that is so.
    """

    kind: str
    tried: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    skipped: str | None = None
    tell: Callable[[Finding], None] = lambda finding: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def survived(self) -> int:
        """Trials without a finding."""
        return self.tried - len({finding.seed for finding in self.findings})

    def add(self, findings: Iterable[Finding] = (), n_tried: int = 1, **notes: int) -> None:
        """Count trials with what was found in them."""
        with self._lock:
            self.tried += n_tried
            for finding in findings:
                self.findings.append(finding)
                self.tell(finding)
            for name, n in notes.items():
                self.notes[name] = self.notes.get(name, 0) + n

    def count(self, fault: Fault) -> int:
        """How many findings of a fault there are."""
        return sum(finding.fault == fault for finding in self.findings)


def format_table(tallies: Iterable[Tally]) -> str:
    """A line a kind, then the findings."""
    tallies = list(tallies)
    names = ("kind", "tried", "survived", *(f"{fault}s" for fault in FAULTS), "notes")
    rows = [names]
    for one in tallies:
        notes = one.skipped or ", ".join(f"{name} {n}" for name, n in sorted(one.notes.items()))
        counts = (one.tried, one.survived, *map(one.count, FAULTS))
        rows.append((one.kind, *map(str, counts), notes))
    widths = [max(len(row[at]) for row in rows) for at in range(len(names) - 1)]
    lines = [
        "  ".join([cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)])
        for row in rows
    ]
    found = [finding.describe() for one in tallies for finding in one.findings]
    return "\n".join([line.rstrip() for line in lines] + found)
