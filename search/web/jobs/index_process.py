"""Runs an index run as a process of its own with less priority, so that searches stay quick.

In the server's own process, the threads of the run would take turns with searches for Python's
lock. The processes exchange lines of JSON; the end of the input cancels the run, also when the
server was killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from mvsearch.search.web.jobs.jobs import Job
from mvsearch.store import errors
from mvsearch.store.errors import MvsearchError

NICENESS = 19
POLL_SECONDS = 0.1
_TOLD = frozenset({"begin", "advance", "measure", "note"})


def index_apart(
    library: Path,
    profile: str | None,
    paths: Sequence[Path],
    arguments: dict[str, Any],
    job: Job,
) -> dict[str, Any]:
    """Index files into a library in another process.

    Args:
        library: its folder.
        profile: see `mvsearch.open`.
        paths: of folders and files.
        arguments: see `VideoLibrary.index`; they can be JSON.
        job: is told the progress, and ends the run when it is cancelled.

    Returns:
        The summary as JSON has it.

    Raises:
        MvsearchError: what the run raised, or its process ended early.
    """
    asked = {"library": str(library), "profile": profile, "paths": list(map(str, paths))}
    command = [sys.executable, "-P", "-m", __name__]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(asked | {"arguments": arguments}) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            with suppress(BrokenPipeError):  # what is left in its buffer cannot be written either
                process.stdin.close()
        threading.Thread(target=_close_when, args=(process, job.cancel), daemon=True).start()
        told = _follow(process.stdout, job)
    if "error" in told:
        raise _make_error(told["error"], told["message"])
    if "summary" not in told:
        raise MvsearchError(f"the process of the index run ended early (code {process.returncode})")
    summary: dict[str, Any] = told["summary"]
    return summary


def _close_when(process: "subprocess.Popen[str]", cancel: threading.Event) -> None:
    """Close the input of a process when the run is cancelled."""
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
    """The progress of the run, written as lines."""

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


def main() -> None:
    """Run what the first line of the input asks for."""
    import mvsearch

    # Ctrl-C reaches this process too; the server then closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    asked = json.loads(sys.stdin.readline())
    teller, cancel = _Teller(sys.stdout), threading.Event()
    # Nothing else may be printed between the lines.
    sys.stdout = sys.stderr
    threading.Thread(target=_await_end, args=(sys.stdin, cancel), daemon=True).start()
    try:
        with mvsearch.open(asked["library"], profile=asked["profile"]) as library:
            paths = map(Path, asked["paths"])
            found = library.index(*paths, progress=teller, cancel=cancel, **asked["arguments"])
            teller.write(summary=found.to_dict())
    except MvsearchError as error:
        teller.write(error=type(error).__name__, message=str(error))


if __name__ == "__main__":
    main()
