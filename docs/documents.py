"""Writes generated documents where they changed, and reports which did."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def escape_cell(text: str) -> str:
    """Text in one line that does not break a table of Markdown."""
    return " ".join(text.split()).replace("|", "\\|")


def fill_readme(begin: str, end: str, text: str) -> str:
    """The README with a text between two marks.

    Raises:
        SystemExit: it lacks them.
    """
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise SystemExit(f"README.md lacks the marks {begin} and {end}")
    return f"{before}{begin}\n{text}{end}{after}"


def write_changed(wanted: Mapping[Path, str], *, is_check: bool) -> list[Path]:
    """Bring documents up to date, or only compare; returns those that were not."""
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if not is_check:
            path.write_text(wanted[path], encoding="utf-8")
    return stale


def run_generator(write: Callable[..., list[Path]]) -> None:
    """Write documents; with --check, fail where they are out of date."""
    is_check = sys.argv[1:] == ["--check"]
    stale = write(is_check=is_check)
    for path in stale:
        told = "is out of date: run make docs" if is_check else "written"
        sys.stdout.write(f"{path.relative_to(ROOT)} {told}\n")
    if is_check and stale:
        raise SystemExit(1)
