"""Runs a task in a process of its own and tells how it ended; a hang is told by work, not time.

A process that uses the processor for longer than its limit hangs in a loop; one that does nearly
nothing for minutes hangs in a wait. Other work on the machine makes neither of the two true.
"""

import faulthandler
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

from benchmarks.timing import list_tree
from mvsearch.store.errors import MvsearchError

Status = Literal["done", "refused", "traceback", "hang", "killed"]
SIGNS = ("Traceback (most recent call last)", "Exception ignored in", "Fatal Python error")
TICKS = os.sysconf("SC_CLK_TCK")
POLL_SECONDS = 0.02
# Of a wait: with less than this share of a core for so long, nothing more will come.
IDLE_SECONDS = 240.0
IDLE_SHARE = 0.005

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.campaign.tasks"])


@dataclass(frozen=True, slots=True)
class Limits:
    """When a process hangs, and when it is killed on purpose.

    Attributes:
        cpu_seconds: of the processor, all its children included.
        idle_seconds: without work worth the name.
        kill_at: the processor seconds after which it gets `kill -9`; None for never.
    """

    cpu_seconds: float = 300.0
    idle_seconds: float = IDLE_SECONDS
    kill_at: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task.

    Attributes:
        status: "refused" after an `MvsearchError`, "traceback" after any other error, one that only
            standard error shows included.
        value: what it returned.
        text: the message, the traceback, or where it hung.
        cpu_seconds: that it and its children used; 0 where it did not come to its end.
        peak_bytes: that it, or the largest of its children, held at once.
    """

    status: Status
    value: Any = None
    text: str = ""
    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    @property
    def is_fault(self) -> bool:
        """Whether this must not happen, whatever the task was."""
        return self.status in ("traceback", "hang")


def run_task(task: Callable[..., Any], *given: Any, limits: Limits = Limits()) -> Outcome:
    """Run a function of a module in a new process and wait for its end, its hang or its kill."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    with tempfile.NamedTemporaryFile(prefix="campaign-", suffix=".log") as log, ours:
        process = _CONTEXT.Process(target=_work, args=(theirs, log.name, task, given))
        process.start()
        theirs.close()
        try:
            outcome = _watch(process, ours, limits, Path(log.name))
        finally:
            _end(process)
        return _with_log(outcome, Path(log.name))


def count_cpu_seconds(pid: int) -> float:
    """Of a process, of those below it, and of those that have ended below it; 0 without any."""
    ticks = 0
    for one in list_tree(pid):
        with suppress(OSError, IndexError):
            after_name = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    return ticks / TICKS


def _work(channel: Connection, log: str, task: Callable[..., Any], given: tuple[Any, ...]) -> None:
    """The child: what it prints goes into the log, its answer through the channel."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    faulthandler.enable(sys.stderr)
    faulthandler.register(signal.SIGUSR1, sys.stderr, all_threads=True)
    try:
        answer: tuple[Status, Any, str] = ("done", task(*given), "")
    except MvsearchError as error:
        answer = ("refused", None, str(error))
    except BaseException:  # noqa: BLE001 (this is what is looked for)
        answer = ("traceback", None, traceback.format_exc())
    used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_seconds = sum(one.ru_utime + one.ru_stime for one in used)
    channel.send((*answer, cpu_seconds, max(one.ru_maxrss for one in used) * 1024))
    channel.close()


def _watch(process: BaseProcess, channel: Connection, limits: Limits, log: Path) -> Outcome:
    """Wait for the answer, or decide that there will be none."""
    pid = process.pid or 0
    seen, seen_at = 0.0, time.monotonic()
    pause = 0.002 if limits.kill_at is not None else POLL_SECONDS
    while not channel.poll(pause):
        used = count_cpu_seconds(pid)
        if limits.kill_at is not None and used >= limits.kill_at:
            process.kill()
            return Outcome("killed")
        if used > limits.cpu_seconds:
            return Outcome("hang", text=f"{used:.0f} s of the processor\n{_ask_where(pid, log)}")
        if used - seen > IDLE_SHARE * limits.idle_seconds:
            seen, seen_at = used, time.monotonic()
        elif time.monotonic() - seen_at > limits.idle_seconds:
            return Outcome("hang", text=f"it waits for ever\n{_ask_where(pid, log)}")
    try:
        outcome = Outcome(*channel.recv())
    except EOFError:
        process.join()
        return Outcome("traceback", text=f"the process ended with code {process.exitcode}")
    process.join(limits.idle_seconds)
    if process.is_alive():
        return Outcome("hang", text=f"it answered and does not end\n{_ask_where(pid, log)}")
    return outcome


def _ask_where(pid: int, log: Path) -> str:
    """The stacks of a process that hangs; it is given a second to write them."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGUSR1)
    time.sleep(1.0)
    return log.read_text("utf-8", "replace")


def _end(process: BaseProcess) -> None:
    """Leave no process behind: neither the child nor a decoder that it started."""
    for pid in list_tree(process.pid or 0)[1:]:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    process.kill()
    process.join()
    process.close()


def _with_log(outcome: Outcome, log: Path) -> Outcome:
    """A traceback that was only printed, as by a thread, is one as well."""
    said = log.read_text("utf-8", "replace")
    if outcome.status in ("done", "refused") and any(sign in said for sign in SIGNS):
        return Outcome("traceback", outcome.value, said, outcome.cpu_seconds)
    return outcome
