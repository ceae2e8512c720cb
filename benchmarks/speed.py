"""Measures every claim of speed and writes benchmarks/RESULTS.md: `make bench`.

Each program runs as a process of its own; one that fails is a row that says so, and the others go
on. Songs and libraries are made once and kept in `.bench/`, which may be deleted at any time.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from benchmarks.program import ROOT, BenchOptions
from benchmarks.results import Row, describe_machine, format_results, read_rows

RESULTS = ROOT / "benchmarks/RESULTS.md"
# In this order, and the claims that each measures.
PROGRAMS: dict[str, str] = {
    "indexing": "1, 2",
    "encoding": "3",
    "memory": "4",
    "workers": "11",
    "starting": "5",
    "scale": "6, 7, 9",
    "adding": "8",
    "similarity": "10",
    "growth": "12",
    "decoding": "decoding",
    "transcription": "transcription",
}
# A program that takes longer is ended.
LIMIT_SECONDS = 600.0


def run_all(names: Sequence[str], words: Sequence[str]) -> list[Row]:
    """Run programs one after the other; all their rows, and one for each that failed."""
    rows: list[Row] = []
    for name in names:
        began = time.monotonic()
        rows += run_one(name, words)
        print(f"     {name}: {time.monotonic() - began:.0f} s", flush=True)
    return rows


def run_one(name: str, words: Sequence[str]) -> list[Row]:
    """The rows of one program; what it prints is seen at once."""
    command = f"python -m benchmarks.{name}"
    claim = PROGRAMS.get(name, name)
    if find_spec(f"benchmarks.{name}") is None:
        note = "there is no such program"
        return [Row(claim, name, "-", "-", verdict="left out", note=note, command=command)]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "rows.json")
        asked = [sys.executable, "-m", f"benchmarks.{name}", *words, "--rows", str(file)]
        try:
            subprocess.run(asked, cwd=ROOT, check=True, timeout=LIMIT_SECONDS)
            return read_rows(file)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            said = str(error).replace(str(file), "FILE").replace(sys.executable, "python")
            return [Row(claim, name, "-", "-", verdict="failed", note=said, command=command)]


def prepare(words: Sequence[str]) -> None:
    """Make songs and libraries, two at a time; what fails here fails again where it is needed."""
    tasks = ("songs", "crowd", "songbooks")
    with ThreadPoolExecutor(2) as pool:
        asked = [[sys.executable, "-m", "benchmarks.preparing", task, *words] for task in tasks]
        list(pool.map(lambda one: subprocess.run(one, cwd=ROOT, check=False), asked))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all that is asked for, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("programs", nargs="*", help=f"of {', '.join(PROGRAMS)}; all if none")
    parser.add_argument("--quick", action="store_true", help="small sizes; claims nothing")
    parser.add_argument("--cache", type=Path, default=BenchOptions().cache, help="folder to keep")
    parser.add_argument("--out", type=Path, help=f"page to write instead of {RESULTS.name}")
    given = parser.parse_args(arguments)
    unknown = set(given.programs) - set(PROGRAMS)
    if unknown:
        parser.error(f"no program is called {', '.join(sorted(unknown))}")
    began = time.monotonic()
    words = ["--cache", str(given.cache.resolve()), *(["--quick"] if given.quick else [])]
    given.cache.mkdir(parents=True, exist_ok=True)
    if not given.programs and not given.quick:
        prepare(words)
    rows = run_all(given.programs or list(PROGRAMS), words)
    page = format_results(rows, describe_machine(), (time.monotonic() - began) / 60)
    is_whole = not given.programs and not given.quick
    out = given.out or (RESULTS if is_whole else given.cache / "RESULTS.md")
    out.write_text(page, "utf-8")
    print(f"\nwritten: {out}")


if __name__ == "__main__":
    main()
