"""Does long work in a process of its own with less priority, so that searches stay quick.

In the server's own process, its threads would take turns with searches for Python's
lock. The processes exchange lines of JSON; the end of the input cancels the work, also when the
server was killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Self

from mvsearch.search.api.remote.requests.records import read
from mvsearch.search.web.jobs.job import Job
from mvsearch.store import errors
from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.context import naming
from mvsearch.store.observing.observers import timing
from mvsearch.store.observing.processes import observed_process
from mvsearch.store.opening import Address

NICENESS = 19
POLL_SECONDS = 0.1
_TOLD = frozenset({"begin", "advance", "measure", "note"})


def index_apart(
    library: Address,
    profile: str | None,
    paths: Sequence[Path],
    arguments: dict[str, Any],
    job: Job,
) -> dict[str, Any]:
    """Index files into a library in another process.

    Args:
        library: its address; the process is told it through a pipe, so that nobody sees it.
        profile: see `mvsearch.open`.
        paths: of folders and files.
        arguments: see `VideoLibrary.index`; they can be JSON.
        job: is told the progress, and ends the run when it is cancelled.

    Returns:
        The summary as JSON has it.

    Raises:
        MvsearchError: what the run raised, or its process ended early.
    """
    asked = {"paths": list(map(str, paths)), "arguments": arguments}
    told: dict[str, Any] = _work_apart("index", library, profile, asked, job)
    return told


def evaluate_apart(
    library: Address, profile: str | None, arguments: dict[str, Any], job: Job
) -> list[dict[str, Any]]:
    """Measure retrieval quality in another process.

    Args:
        library: its address; the process is told it through a pipe, so that nobody sees it.
        profile: see `mvsearch.open`.
        arguments: see `VideoLibrary.evaluate`, as JSON has them.
        job: is told the progress, and ends the work when it is cancelled.

    Returns:
        The evaluations as JSON has them.

    Raises:
        MvsearchError: what the work raised, or its process ended early.
    """
    told: list[dict[str, Any]] = _work_apart(
        "evaluate", library, profile, {"arguments": arguments}, job
    )
    return told


def _work_apart(
    work: str, library: Address, profile: str | None, asked: dict[str, Any], job: Job
) -> Any:
    """Start a process, tell it what to do, and pass on what it tells."""
    asked = asked | {"work": work, "library": str(library), "profile": profile, "job": job.id}
    command = [sys.executable, "-P", "-m", __name__]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            with suppress(BrokenPipeError):  # what is left in its buffer cannot be written either
                process.stdin.close()
        threading.Thread(target=_close_when, args=(process, job.cancel), daemon=True).start()
        told = _follow(process.stdout, job)
    if "error" in told:
        raise _make_error(told["error"], told["message"])
    if "result" not in told:
        raise MvsearchError(f"the process of this job ended early (code {process.returncode})")
    return told["result"]


def _close_when(process: "subprocess.Popen[str]", cancel: threading.Event) -> None:
    """Close the input of a process when the work is cancelled."""
    while process.poll() is None:
        if cancel.wait(POLL_SECONDS):
            assert process.stdin is not None
            with suppress(OSError):
                process.stdin.close()
            return


def _follow(lines: IO[str], job: Job) -> dict[str, Any]:
    """Pass progress on until the last line, which is returned; empty where there is none."""
    for line in lines:
        told: dict[str, Any] = json.loads(line)
        if told.get("do") not in _TOLD:
            return told
        getattr(job, told["do"])(*told["values"])
    return {}


def _make_error(name: str, message: str) -> MvsearchError:
    """An error of the other process."""
    kind = getattr(errors, name, MvsearchError)
    is_plain = isinstance(kind, type) and issubclass(kind, MvsearchError)
    return kind(message) if is_plain and kind is not errors.MediaError else MvsearchError(message)


class _Teller:
    """The progress of the work, written as lines."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._lock = threading.Lock()

    def write(self, **told: Any) -> None:
        """Write a line; nobody reads it if the server is gone."""
        with self._lock, suppress(BrokenPipeError):
            self._out.write(json.dumps(told) + "\n")
            self._out.flush()

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Tell that a stage begins."""
        self.write(do="begin", values=(stage, total, unit))

    def advance(self, stage: str) -> None:
        """Tell that a unit is done."""
        self.write(do="advance", values=(stage,))

    def measure(self, stage: str, done: float, total: float) -> None:
        """Tell the share of the work that is done."""
        self.write(do="measure", values=(stage, done, total))

    def note(self, message: str) -> None:
        """Tell a line."""
        self.write(do="note", values=(message,))

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tidy."""


def _await_end(lines: IO[str], cancel: threading.Event) -> None:
    """Cancel at the end of the input."""
    lines.read()
    cancel.set()


def _index(asked: dict[str, Any], teller: _Teller, cancel: threading.Event) -> Any:
    import mvsearch

    with mvsearch.open(asked["library"], profile=asked["profile"]) as library:
        paths = map(Path, asked["paths"])
        found = library.index(*paths, progress=teller, cancel=cancel, **asked["arguments"])
        return found.to_dict()


def _evaluate(asked: dict[str, Any], teller: _Teller, cancel: threading.Event) -> Any:
    import mvsearch
    from mvsearch.search.evaluation.queries.sample import SampleOptions

    given = asked["arguments"]
    # Profiles are libraries beside this one; without them nothing is written.
    is_read_only = not given["profiles"]
    sample = read(SampleOptions, given.pop("sample"))
    with mvsearch.open(
        asked["library"], profile=asked["profile"], read_only=is_read_only
    ) as library:
        found = library.evaluate(sample, progress=teller, cancel=cancel, **given)
    return [asdict(one) for one in found]


_WORK: dict[str, Callable[[dict[str, Any], _Teller, threading.Event], Any]] = {
    "index": _index,
    "evaluate": _evaluate,
}


def do_work(source: IO[str], out: IO[str]) -> None:
    """Do what the first line of the input asks for; the last line has the result, or the error."""
    asked = json.loads(source.readline())
    teller, cancel = _Teller(out), threading.Event()
    threading.Thread(target=_await_end, args=(source, cancel), daemon=True).start()
    try:
        with naming(job_id=asked.get("job")), timing("job", kind=asked["work"]):
            teller.write(result=_WORK[asked["work"]](asked, teller, cancel))
    except MvsearchError as error:
        teller.write(error=type(error).__name__, message=str(error))


def main() -> None:
    """Work for a server, until the work is done or the server is gone."""
    # Ctrl-C reaches this process too, and so may what ends a service; the server then closes the
    # input. Ended by itself, the work would count as failed, and could not be resumed.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Nothing else may be printed between the lines.
    out, sys.stdout = sys.stdout, sys.stderr
    try:
        with observed_process("index"):
            do_work(sys.stdin, out)
    except MvsearchError as error:  # such as no port for its numbers
        _Teller(out).write(error=type(error).__name__, message=str(error))


if __name__ == "__main__":
    main()
