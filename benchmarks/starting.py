"""Measures the start-up costs of commands: `python -m benchmarks.starting`.

Each is a process of its own, on a library of 100,000 frame vectors (500 songs), files in the page
cache, measured in turns with `python -c pass`. The picture asked with is like nothing that the
library holds, which is the worst case: no video can be passed over early.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.clips import paint_still
from benchmarks.large.libraries import MadeLibrary, keep_songbook
from benchmarks.large.words import Words
from benchmarks.program import BenchOptions, mvsearch, run_program, settle_library
from benchmarks.results import Row, judge
from benchmarks.timing import Comparison, compare, run_command

N_SONGS = 500
# Name, what the command is, seconds allowed, and whether these are beyond a bare Python.
COMMANDS = (
    ("help", "`mvsearch --help`", 0.2, True),
    ("lyric", "cold `search --lyric`", 1.2, False),
    ("image", "cold `search --image`", 1.5, False),
)


def measure_rows(options: BenchOptions) -> list[Row]:
    """The rows of claim 5."""
    made = keep_songbook(options.cache, 8 if options.is_quick else N_SONGS)
    settle_library(made)
    words = list_words(made, paint_still(options.cache / "clips/still.png"))
    things = {name: partial(time_command, given) for name, given in words.items()}
    things["bare"] = partial(time_command, [sys.executable, "-c", "pass"])
    for thing in things.values():
        thing()
    found = compare(things, 1 if options.is_quick else 9)
    rows = [describe(found, *command, options) for command in COMMANDS]
    heavy = sorted({name for name in ("lyric", "image") if imports_torch(words[name])})
    said = f"imported by {' and '.join(heavy)}" if heavy else "not imported"
    verdict = judge(not heavy, is_quick=options.is_quick)
    rows.append(Row("5", "torch in a search", "`python -X importtime`", said, "not", verdict))
    return rows


def describe(
    found: Comparison, name: str, what: str, goal: float, is_beyond: bool, options: BenchOptions
) -> Row:
    """The row of one command."""
    extra = found.median(name) - found.median("bare")
    figure = extra if is_beyond else found.median(name)
    return Row(
        "5",
        what,
        "`python -c pass`",
        f"{figure:.2f} s {'more' if is_beyond else 'in all'}",
        f"<= {goal} s",
        judge(figure <= goal, is_quick=options.is_quick),
        f"{found.describe(name, 'bare')} x of {found.median('bare'):.3f} s",
    )


def list_words(made: MadeLibrary, picture: Path) -> dict[str, list[str | Path]]:
    """The commands to measure."""
    line = Words(made.options.seed).write_song(3, made.options.n_lines).lines[1]
    at = ("--library", made.folder)
    return {
        "help": mvsearch("--help"),
        "lyric": mvsearch("search", "--lyric", line, *at),
        "image": mvsearch("search", "--image", picture, *at),
    }


def time_command(words: list[str | Path]) -> float:
    """Wall seconds of a command."""
    return run_command(words).wall_seconds


def imports_torch(words: list[str | Path]) -> bool:
    """Whether a command of ours imports torch."""
    asked = [str(words[0]), "-X", "importtime", *map(str, words[1:])]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stderr
    return any(line.rpartition("|")[2].strip() == "torch" for line in said.splitlines())


if __name__ == "__main__":
    run_program("starting", measure_rows)
