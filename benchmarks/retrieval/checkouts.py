"""Runs the command line of a checkout in a process that stays: each command costs little."""

import json
import queue
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ONE_CORE = ("MVSEARCH_THREADS=1", "OMP_NUM_THREADS=1")
# Reads a command as JSON a line, and answers with its exit code, output and processor time.
_SERVE = """
import contextlib, json, sys, time
from importlib import import_module
from typer.testing import CliRunner
app = import_module(sys.argv[1]).app
given, told = sys.stdin, sys.stdout
for line in given:
    began = time.process_time()
    with contextlib.redirect_stdout(sys.stderr):
        done = CliRunner().invoke(app, json.loads(line))
    spent = time.process_time() - began
    shown = [done.exit_code, done.stdout, done.stderr, repr(done.exception), spent]
    told.write(json.dumps(shown) + "\\n")
    told.flush()
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did.

    Attributes:
        exception: what ended it, as Python shows it.
    """

    code: int
    output: str
    errors: str
    exception: str
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout whose command line runs in processes of its own; safe to use from threads.

    Attributes:
        commit: of the checkout, abbreviated.
        idle: the processes that wait for a command.
    """

    name: str
    commit: str
    idle: "queue.Queue[subprocess.Popen[str]]"

    def run(self, *words: str | Path) -> Done:
        """Run a command to its end."""
        process = self.idle.get()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the {self.name} checkout ended at: {' '.join(map(str, words))}")
        self.idle.put(process)
        return Done(*json.loads(line))

    def search(self, words: Sequence[str], library: Path) -> tuple[list[dict[str, Any]], Done]:
        """The results of a search; none where the query cannot be compared."""
        done = self.run("search", *words, "--library", library, "--json")
        if done.code not in (0, 2):
            print(f"{self.name}: {done.code} {done.exception}: {' '.join(words)}", file=sys.stderr)
        return (json.loads(done.output)["results"] if done.code == 0 else []), done


@contextmanager
def open_checkout(name: str, root: Path, n_processes: int = 2) -> Iterator[Checkout]:
    """Start the command line of a checkout, in the layout of today or of before 2026-11-28."""
    is_package = (root / "__init__.py").exists()
    module = "mvsearch.cli" if is_package else "cli"
    path = root / ".package" if is_package else root
    words = ["env", f"PYTHONPATH={path}", *ONE_CORE, sys.executable, "-c", _SERVE, module]
    asked = ["git", "-C", str(root), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    idle: queue.Queue[subprocess.Popen[str]] = queue.Queue()
    with ExitStack() as stack:
        for _ in range(n_processes):
            process = subprocess.Popen(
                words, cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            stack.callback(process.terminate)
            idle.put(process)
        yield Checkout(name, commit, idle)
