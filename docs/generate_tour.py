"""Writes the README's tour from docs/tour.txt, with --run from a new run of the demo."""

import math
import re
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs.demo.speech import can_speak  # only now they can be found
from docs.demo.tour import TOUR, run_tour
from docs.documents import README, ROOT, fill_readme, run_generator, write_changed

TRANSCRIPT = ROOT / "docs" / "tour.txt"
BEGIN, END = "<!-- tour: written by `make tour` -->", "<!-- end of the tour -->"
PROMPT = "$ mvsearch "
# Processors round differently, and by the hundredth part of a cosine nothing is meant.
MAX_DIFFERENCE, MAX_SHARE = 0.05, 0.03
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SPENT = re.compile(r"in \d+\.\d s")


def write_transcript(printed: list[str]) -> str:
    """The commands of the tour, each with what it printed."""
    parts = []
    for step, text in zip(TOUR, printed, strict=True):
        lines = [line.rstrip() for line in text.strip("\n").split("\n")]
        parts.append("\n".join([f"$ {step.command}", *lines]))
    return "\n\n".join(parts) + "\n"


def read_transcript(transcript: str) -> list[str]:
    """A transcript in parts, each a command with what it printed."""
    starts = [at.start() for at in re.finditer(rf"^{re.escape(PROMPT)}", transcript, re.MULTILINE)]
    ends = [*starts[1:], len(transcript)]
    return [transcript[a:b].rstrip("\n") for a, b in zip(starts, ends, strict=True)]


def render_tour(transcript: str) -> str:
    """The README's section: what each step shows, its command, and what it printed.

    Raises:
        SystemExit: the transcript is of other commands.
    """
    parts = read_transcript(transcript)
    if [part.partition("\n")[0] for part in parts] != [f"$ {step.command}" for step in TOUR]:
        raise SystemExit(f"{TRANSCRIPT.name} is of other commands than the demo: run make tour")
    written = []
    for step, part in zip(TOUR, parts, strict=True):
        code = "\n".join(f"    {line}".rstrip() for line in part.split("\n"))
        written.append(f"{textwrap.fill(step.told, 100)}\n\n{code}\n")
    return "\n".join(written)


def is_alike(old: str, new: str) -> bool:
    """Whether two transcripts say the same, but for time spent, blanks and the last digits."""
    texts = [" ".join(_SPENT.sub("in some s", text).split()) for text in (old, new)]
    if _NUMBER.sub("0", texts[0]) != _NUMBER.sub("0", texts[1]):
        return False
    pairs = zip(_NUMBER.findall(texts[0]), _NUMBER.findall(texts[1]), strict=True)
    return all(
        math.isclose(float(a), float(b), rel_tol=MAX_SHARE, abs_tol=MAX_DIFFERENCE)
        for a, b in pairs
    )


def write_readme(*, is_check: bool) -> list[Path]:
    """Bring README.md up to date with the transcript, or only look; returns it if it was not."""
    tour = render_tour(TRANSCRIPT.read_text(encoding="utf-8"))
    return write_changed({README: fill_readme(BEGIN, END, f"\n{tour}\n")}, is_check=is_check)


def main() -> None:
    """Write the tour; with --run, of a new run; with --check, fail where it is out of date."""
    if sys.argv[1:] == ["--run"]:
        if not can_speak():
            raise SystemExit("this ffmpeg was built without flite: one song would have no voice")
        new = write_transcript(run_tour(is_kept=True))
        old = TRANSCRIPT.read_text(encoding="utf-8") if TRANSCRIPT.exists() else ""
        if not is_alike(old, new):
            TRANSCRIPT.write_text(new, encoding="utf-8")
    run_generator(write_readme)


if __name__ == "__main__":
    main()
