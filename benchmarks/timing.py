"""Times alternatives in turns, so that disturbances affect all of them."""

import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# A measurable thing: what it returns, where it is a number, is its cost; else its wall seconds are.
Thing = Callable[[], Any]

SAMPLE_SECONDS = 0.05
LIMIT_SECONDS = 900.0


class CommandFailedError(RuntimeError):
    """A command that was to be measured did not end well."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What several things cost, round by round.

    Attributes:
        costs: for each thing, in the order of the rounds.
    """

    costs: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        """The median cost of a thing."""
        return statistics.median(self.costs[name])

    def ratios(self, name: str, base: str) -> tuple[float, ...]:
        """The cost of one thing as a multiple of another's, round by round."""
        pairs = zip(self.costs[name], self.costs[base], strict=True)
        return tuple(one / other for one, other in pairs)

    def ratio(self, name: str, base: str) -> float:
        """The median of the ratios of the rounds."""
        return statistics.median(self.ratios(name, base))

    def describe(self, name: str, base: str) -> str:
        """The ratio with the least and the greatest of the rounds."""
        ratios = self.ratios(name, base)
        return f"{self.ratio(name, base):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


@dataclass(frozen=True, slots=True)
class CommandCost:
    """What a command took.

    Attributes:
        cpu_seconds: user and system, of the command and of all that it waited for.
        peak_bytes: of the whole tree of processes at once, each shared page counted once (PSS);
            None where nobody watched or the system does not tell.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int | None
    output: str


def compare(things: Mapping[str, Thing], rounds: int = 3) -> Comparison:
    """Measure things in turns; each round begins with another one.

    Args:
        things: by name.
        rounds: how often each is measured.
    """
    names = list(things)
    costs: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            costs[name].append(measure(things[name]))
    return Comparison({name: tuple(found) for name, found in costs.items()})


def measure(thing: Thing) -> float:
    """The cost of a thing: the number that it returns, else the wall seconds it took."""
    began = time.perf_counter()
    told = thing()
    took = time.perf_counter() - began
    return float(told) if isinstance(told, int | float) else took


def repeat(thing: Thing, n: int) -> float:
    """The median cost of n calls."""
    return statistics.median(measure(thing) for _ in range(n))


def run_command(
    words: Sequence[str | Path],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    is_watched: bool = False,
    limit_seconds: float = LIMIT_SECONDS,
) -> CommandCost:
    """Run a command to its end.

    Args:
        words: the program and its arguments.
        folder: where it runs.
        environment: what is set beside our own.
        is_watched: whether its memory is looked at, 20 times a second; that costs a little.
        limit_seconds: after which it is ended.

    Raises:
        CommandFailedError: it ended with another code than 0, or not in time.
    """
    set_here = os.environ | dict(environment or {})
    # As on a user's machine: what was compiled once is read from then on.
    set_here.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in words],
            cwd=folder,
            env=set_here,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        watch = MemoryWatch(process.pid) if is_watched else None
        timer = threading.Timer(limit_seconds, _end, [process.pid])
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
            peak = watch.finish() if watch is not None else None
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise CommandFailedError(_explain(words, process.returncode, errors.read()))
        text = output.read().decode("utf-8", "replace")
    return CommandCost(took, usage.ru_utime + usage.ru_stime, peak, text)


class MemoryWatch:
    """Looks at the memory of a process and all below it, until it is finished."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def finish(self) -> int | None:
        """The greatest sum of bytes that was seen; None where the system does not tell."""
        self._is_over.set()
        self._thread.join()
        return self._peak or None

    def _watch(self) -> None:
        while not self._is_over.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, sum(map(read_memory, list_tree(self._pid))))


def list_tree(pid: int) -> list[int]:
    """A process and the programs below it; empty where it is gone or the system does not tell.

    A child that has not started its program yet shares the memory of its parent, which the system
    then reports twice; it is left out, recognised by its parent's command line.
    """
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        with suppress(OSError):
            command = Path(f"/proc/{one}/cmdline").read_bytes()
            for task in Path(f"/proc/{one}/task").iterdir():
                children = map(int, (task / "children").read_text().split())
                waiting += [child for child in children if _read_command(child) != command]
    return found


def _read_command(pid: int) -> bytes | None:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return None


def read_memory(pid: int) -> int:
    """The bytes that a process holds, shared pages by their share; 0 where nobody tells."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def fit_exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The p of cost = a * size ** p that fits best: least squares of the logarithms.

    Raises:
        ValueError: fewer than two sizes, or a number that has no logarithm.
    """
    if len(set(sizes)) < 2 or min(*sizes, *costs) <= 0:
        raise ValueError(f"no power fits the costs {costs} of the sizes {sizes}")
    slope: float = np.polyfit(np.log(sizes), np.log(costs), 1)[0]
    return float(slope)


def _end(pid: int) -> None:
    """End a command and all that it started: it leads a group of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _explain(words: Sequence[str | Path], code: int, errors: bytes) -> str:
    """One line for a command that failed."""
    last = errors.decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing said"]
    return f"{Path(str(words[0])).name} {' '.join(map(str, words[1:3]))}: code {code}, {last[0]}"
