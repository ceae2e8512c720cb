"""Formats the table of claims: figure, baseline, goal and verdict."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from docs.documents import escape_cell
from mvsearch.store.distribution import DISTRIBUTION

Verdict = Literal["met", "short", "shown", "left out", "failed", "quick"]

PACKAGES = ("numpy", "onnxruntime", "faiss-cpu", "torch", "sqlalchemy", "tokenizers", DISTRIBUTION)
HEAD = (
    "| claim | what | against | figure | goal | verdict |\n"
    "|---|---|---|---|---|---|\n"
)  # fmt: skip
KIB = 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        claim: its number; rows are shown in this order.
        what, against: what was measured, and what beside it in the same run.
        goal: what the figure should be; empty where it is only shown.
        note: why it falls short, or what one has to know to read it.
        command: that measures it again.
    """

    claim: str
    what: str
    against: str
    figure: str
    goal: str = ""
    verdict: Verdict = "shown"
    note: str = ""
    command: str = ""


def judge(is_met: bool, *, is_quick: bool) -> Verdict:
    """The verdict on a figure; a quick run, on small sizes, claims nothing."""
    if is_quick:
        return "quick"
    return "met" if is_met else "short"


def write_rows(rows: Sequence[Row], file: Path) -> None:
    """Write rows so that `read_rows` gives them back."""
    file.write_text(json.dumps([asdict(row) for row in rows]), "utf-8")


def read_rows(file: Path) -> list[Row]:
    """Read the rows of a program that ran by itself."""
    return [Row(**fields) for fields in json.loads(file.read_text("utf-8"))]


def format_row(row: Row) -> str:
    """A row for a terminal."""
    goal = f" (goal {row.goal})" if row.goal else ""
    note = f"\n     {row.note}" if row.note else ""
    return f"{row.claim:>3}  {row.what}: {row.figure}{goal}, {row.verdict}{note}"


def format_results(rows: Sequence[Row], machine: Sequence[str], minutes: float) -> str:
    """The whole page: machine, table, notes and commands."""
    ordered = sorted(rows, key=lambda row: _order(row.claim))
    lines = [
        "# Results of `make bench`",
        "",
        "Written by `python -m benchmarks.speed`. Each figure is measured beside what it is",
        "compared with, in turns, in one run; ratios are medians, with the least and the greatest.",
        "",
        *(f"- {line}" for line in machine),
        f"- {minutes:.0f} minutes of measuring",
        "",
    ]
    table = "".join("| " + " | ".join(map(escape_cell, _columns(row))) + " |\n" for row in ordered)
    notes = [f"- {row.claim}, {row.what}: {_line(row.note)}" for row in ordered if row.note]
    commands = sorted({f"- `{row.command}`" for row in ordered if row.command})
    parts = ["\n".join(lines), HEAD + table]
    if notes:
        parts.append("## Notes\n\n" + "\n".join(notes) + "\n")
    if commands:
        parts.append("## Commands\n\n" + "\n".join(commands) + "\n")
    return "\n".join(parts)


def describe_machine() -> list[str]:
    """The machine and the versions, a line each."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / KIB**3
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{_read_processor()}, {cores} cores, {memory_gib:.0f} GiB of memory",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        ", ".join(f"{name} {_read_version(name)}" for name in PACKAGES),
        _read_ffmpeg(),
    ]


def _columns(row: Row) -> tuple[str, ...]:
    return row.claim, row.what, row.against, row.figure, row.goal, row.verdict


def _order(claim: str) -> tuple[int, str]:
    """Numbers first, by size; then the rest."""
    digits = "".join(mark for mark in claim if mark.isdigit())
    return (int(digits) if digits else KIB, claim)


def _line(text: str) -> str:
    return " ".join(text.split())


def _read_processor() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _read_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "from its folder" if name == DISTRIBUTION else "not installed"


def _read_ffmpeg() -> str:
    """The first words of what ffmpeg says of itself."""
    try:
        said = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "no ffmpeg"
    return " ".join(said.stdout.split()[:3])
