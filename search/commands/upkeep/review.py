"""The review of versions in the terminal: pair by pair, by single keys."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mvsearch.search.output.terminal import make_console
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from rich.console import Console

    from mvsearch import Library
    from mvsearch.search.api.methods.reports import Relation

KEYS = (
    "1 keep the first · 2 keep the second · b keep both · s later · u undo · m move surplus files ·"
    " q end"
)


def say(console: "Console", line: str) -> None:
    """Print a line as it is; names come from strangers."""
    from mvsearch.search.output.tables.listing import print_line

    print_line(console, line)


def check_terminal() -> None:
    """Check that a person can be asked.

    Raises:
        MvsearchError: standard input or output is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise MvsearchError(
            "--review asks at a terminal, and there is none: use the page /review of mvsearch"
            " serve; --move FOLDER moves what is surplus without asking"
        )


def review(library: "Library", relations: "Sequence[Relation]") -> None:
    """Ask about each pair without a decision; each answer is stored at once."""
    from mvsearch.search.review.decisions import order_pair

    known = library.decisions().pairs
    waiting = [one for one in relations if order_pair(one.first.id, one.second.id) not in known]
    console = make_console()
    if not waiting:
        n_known = len(relations)
        say(console, "No pair waits for a decision." if n_known else "There are no versions.")
    _Review(library, waiting, console).run()


@dataclass(slots=True)
class _Review:
    """The pairs that wait, and those that were decided in this review, the last one last."""

    library: "Library"
    waiting: "Sequence[Relation]"
    console: "Console"
    decided: "list[Relation]" = field(default_factory=list)

    def run(self) -> None:
        """Ask until the end; then offer to move what is surplus."""
        at = 0
        while at < len(self.waiting):
            step = self._ask(at)
            if step is None:
                return
            at = max(at + step, 0)
        if self.library.surplus():
            say(self.console, self._count_surplus() + ": m move them to a folder, q end")
            while (key := self._read_key("mq")) != "q":
                if key == "m" and self._move():
                    return

    def _ask(self, at: int) -> int | None:
        """Show a pair and do what is asked; returns how many pairs to go on, None to end."""
        pair = self.waiting[at]
        _show(pair, f"{at + 1} of {len(self.waiting)}", self.console)
        while True:
            key = self._read_key("12bisumq")
            try:
                if key == "q":
                    return None
                if key == "s":
                    return 1
                if key == "m":
                    self._move()
                elif key == "u":
                    if self.decided:
                        return self._undo(at)
                    say(self.console, "Nothing was decided in this review.")
                else:
                    self._decide(pair, key)
                    return 1
            except MvsearchError as error:
                say(self.console, str(error))

    def _decide(self, pair: "Relation", key: str) -> None:
        kept = {"1": pair.first, "2": pair.second}.get(key)
        self.library.decide(pair.first, pair.second, kept)
        self.decided.append(pair)
        say(self.console, "Both are kept." if kept is None else f"Kept: {kept.title}")

    def _undo(self, at: int) -> int:
        """Take the last decision back, and go back to its pair."""
        pair = self.decided.pop()
        self.library.undecide(pair.first, pair.second)
        return self.waiting.index(pair) - at

    def _move(self) -> bool:
        """Ask for a folder, and move the surplus files there; returns whether any were moved."""
        if not self.library.surplus():
            say(self.console, "No file is surplus: keep one of a pair first.")
            return False
        folder = typer.prompt("Move to which folder (empty: none)", default="", show_default=False)
        if not folder.strip():
            return False
        try:
            show_moved(self.library.move_surplus(folder.strip()), self.console)
        except MvsearchError as error:
            say(self.console, str(error))
            return False
        return True

    def _count_surplus(self) -> str:
        n = len(self.library.surplus())
        return f"{n} video{'s are' if n > 1 else ' is'} surplus"

    def _read_key(self, keys: str) -> str:
        """Wait for one of these keys; Ctrl-C and Ctrl-D end the command."""
        while True:
            key = typer.getchar()[:1].lower()
            if key in ("", "\x04"):
                raise KeyboardInterrupt
            if key in keys:
                return "b" if key == "i" else key
            say(self.console, KEYS)


def move_files(library: "Library", folder: Path | None, undo: Path | None) -> None:
    """Move what is surplus to a folder, or files back by an undo file."""
    console = make_console()
    if folder is not None:
        show_moved(library.move_surplus(folder), console)
    elif undo is not None:
        files = library.undo_moves(undo)
        for file in files:
            say(console, str(file))
        say(console, f"{len(files)} moved back" if files else "all files are where they were")
        # What is left has a problem, which is told once the others are back.
        library.undo_moves(undo)


def show_moved(files: Sequence[Path], console: "Console") -> None:
    """Say where files are now, and how to undo it."""
    for file in files:
        say(console, f"{file}")
    undo = max(files[0].parent.glob("undo *.jsonl"), default=None)
    undone = shlex.join(["mvsearch", "versions", "--undo", str(undo)])
    say(console, f"{len(files)} moved; to undo: {undone}")


def _show(pair: "Relation", place: str, console: "Console") -> None:
    """Print both videos with what helps to choose."""
    from mvsearch.search.output.tables.versions import KIND_LABELS
    from mvsearch.search.output.text import format_seconds

    say(console, "")
    say(console, f"{place} · {pair.kind}: {KIND_LABELS[pair.kind]}, sure {pair.confidence:.2f}")
    for number, video in ((1, pair.first), (2, pair.second)):
        name = f"{video.artist} – {video.title}" if video.artist else video.title
        say(console, f"  {number}  {name}")
        size = _format_size(video.path)
        say(console, f"     {format_seconds(video.duration_seconds)}, {size}, {video.path}")
    for told in pair.to_dict()["evidence"].values():
        say(console, f"     {told['text']}")
    say(console, KEYS)


def _format_size(path: Path) -> str:
    try:
        return f"{path.stat().st_size / 2**20:,.1f} MB"
    except OSError:
        return "its file is missing"
