"""Shows what mvsearch does, on a library that it makes: `make demo`."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.demo_library import make_library

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".demo"
VIDEOS, STILL, CLIP, REPORT = "videos", "queries/still.jpg", "queries/clip.mp4", "report.html"
# Each with what it shows.
TOUR: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Index a folder", ("index", VIDEOS)),
    ("A picture, cut out of one of the videos", ("search", "--image", STILL, "--top", "3")),
    ("A clip of 4 seconds, encoded anew and badly", ("search", "--clip", CLIP, "--top", "3")),
    (
        "A line that is sung, not quite remembered",
        ("search", "--lyric", "I made a moon out of paper", "--top", "3"),
    ),
    ("Words for what is seen or sung", ("search", "--text", "trees in winter", "--top", "3")),
    (
        "Two parts, one query",
        ("search", "--image", STILL, "--lyric", "strangers with red umbrellas", "--top", "3"),
    ),
    ("Songs similar to one", ("similar", "desert session", "--top", "3")),
    ("Which of them are versions of one another", ("versions",)),
    ("The report over all of them", ("similar", "--all", "--format", "html", "--out", REPORT)),
    ("Index again: nothing is done twice", ("index", VIDEOS)),
)


def run_tour() -> None:
    """Make the library and run the tour; ends the program where a command fails."""
    began = time.monotonic()
    shutil.rmtree(PLACE, ignore_errors=True)
    say("Make eight short music videos")
    make_library(PLACE)
    say(f"{time.monotonic() - began:.0f} s")
    for told, words in TOUR:
        say(f"\n# {told}\n$ {shlex.join(['mvsearch', *words])}")
        run_command(words)
    say(f"\nAll of it took {time.monotonic() - began:.0f} s. The report: {PLACE / REPORT}")


def run_command(words: tuple[str, ...]) -> None:
    """Run the command as a user would, with a library of its own."""
    program = Path(sys.executable).with_name("mvsearch")
    environment = os.environ | {"MVSEARCH_LIBRARY": str(PLACE / "library")}
    status = subprocess.run([program, *words], cwd=PLACE, env=environment, check=False).returncode
    if status:
        raise SystemExit(status)


def say(text: str) -> None:
    """Print at once, so that it stands before what the command prints."""
    print(text, flush=True)


if __name__ == "__main__":
    run_tour()
