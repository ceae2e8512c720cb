"""Measures every claim of speed and writes benchmarks/RESULTS.md: `make bench`.

Each program runs as a process of its own; one that fails is a row that says so, and the others go
on. Songs and libraries are made once and kept in `.bench/`, which may be deleted at any time. The
rows of each program are kept there too, so that one can be measured anew for the page.
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
from benchmarks.reasons import explain
from benchmarks.results import Row, describe_machine, format_results, read_rows, write_rows

RESULTS = ROOT / "benchmarks/RESULTS.md"
# In this order, and the claims that each measures.
PROGRAMS: dict[str, str] = {
    "media.indexing": "1, 2",
    "media.indexing_whisper": "1",
    "media.encoding": "3",
    "media.memory": "4",
    "media.workers": "11",
    "starting": "5",
    "large.scale": "6, 7, 9",
    "large.adding": "8",
    "large.similarity": "10",
    "large.growth": "12",
    "lyrics.transcription": "transcription",
    "media.decoding": "decoding",
}
# No claim rests on these alone; they run when they are named.
BESIDE = frozenset({"media.decoding"})
# Not measured by the clock, but in bytes and in seconds of one core: these run side by side.
UNHURRIED = ("media.memory", "lyrics.transcription")
# What follows this in the page is kept.
KEPT = "<!-- kept by make bench -->"
# A program that takes longer is ended.
LIMIT_SECONDS = 900.0


def run_all(names: Sequence[str], words: Sequence[str], kept: Path) -> None:
    """Run programs, and keep the rows of each, failed or not, in a folder."""
    kept.mkdir(parents=True, exist_ok=True)
    together = [name for name in names if name in UNHURRIED]
    alone = [[name] for name in names if name not in UNHURRIED]
    for group in [*alone, *([together] if together else [])]:
        began = time.monotonic()
        with ThreadPoolExecutor(len(group)) as pool:
            found = list(pool.map(lambda name: run_one(name, words), group))
        took = (time.monotonic() - began) / len(group)
        for name, rows in zip(group, found, strict=True):
            write_rows(rows, kept / f"{name}.json")
            (kept / f"{name}.seconds").write_text(f"{took:.0f}", "utf-8")
        print(f"     {' and '.join(group)}: {took * len(group):.0f} s", flush=True)


def gather(kept: Path) -> tuple[list[Row], float]:
    """The rows that every program left when it ran last, and the minutes that all took."""
    files = [kept / f"{name}.json" for name in PROGRAMS]
    rows = [row for file in files if file.exists() for row in read_rows(file)]
    seconds = [float(file.read_text("utf-8")) for file in kept.glob("*.seconds")]
    return rows, sum(seconds) / 60


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


def prepare(words: Sequence[str], told: Path) -> None:
    """Make songs and libraries, two at a time; what fails here fails again where it is needed.

    Args:
        words: of the command line of each.
        told: how long it took, written when nothing was there yet.
    """
    began = time.monotonic()
    tasks = ("songs", "crowd", "songbooks", "clips")
    with ThreadPoolExecutor(2) as pool:
        asked = [[sys.executable, "-m", "benchmarks.preparing", task, *words] for task in tasks]
        list(pool.map(lambda one: subprocess.run(one, cwd=ROOT, check=False), asked))
    if not told.exists():
        told.write_text(f"{time.monotonic() - began:.0f}", "utf-8")


def read_kept(page: Path) -> str:
    """What other commands measured, at the end of a page that is written anew."""
    text = page.read_text("utf-8") if page.exists() else ""
    _, mark, after = text.partition(KEPT)
    return f"\n{mark}{after}" if mark else ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all that is asked for, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    listed = ", ".join(PROGRAMS)
    parser.add_argument("programs", nargs="*", help=f"of {listed}; if none, all but media.decoding")
    parser.add_argument("--quick", action="store_true", help="small sizes; claims nothing")
    parser.add_argument("--cache", type=Path, default=BenchOptions().cache, help="folder to keep")
    parser.add_argument("--out", type=Path, help=f"page to write instead of {RESULTS.name}")
    given = parser.parse_args(arguments)
    unknown = set(given.programs) - set(PROGRAMS)
    if unknown:
        parser.error(f"no program is called {', '.join(sorted(unknown))}")
    words = ["--cache", str(given.cache.resolve()), *(["--quick"] if given.quick else [])]
    given.cache.mkdir(parents=True, exist_ok=True)
    if not given.programs and not given.quick:
        prepare(words, given.cache / "made.seconds")
    kept = given.cache / ("rows-quick" if given.quick else "rows")
    run_all(given.programs or [name for name in PROGRAMS if name not in BESIDE], words, kept)
    rows, minutes = gather(kept)
    made = given.cache / "made.seconds"
    machine = describe_machine()
    if made.exists():
        before = float(made.read_text("utf-8")) / 60
        machine.append(f"{before:.0f} minutes before, once, to make songs and libraries")
    out = given.out or (given.cache / "RESULTS.md" if given.quick else RESULTS)
    page = format_results([explain(row) for row in rows], machine, minutes)
    page += read_kept(out)
    out.write_text(page, "utf-8")
    print(f"\n{page}\nwritten: {out}")


if __name__ == "__main__":
    main()
