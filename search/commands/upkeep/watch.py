"""The command that keeps a library up to date with its folders: `mvsearch watch`."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.index import LyricsModeName
from mvsearch.search.commands.options.common import LibraryOption, read_path
from mvsearch.search.commands.options.completion import complete_profile
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.search.output.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console

    from mvsearch.search.api.upkeep.watch import Sweep
    from mvsearch.search.output.tables.listing import RunSummary

app = typer.Typer()


@app.command(epilog=show_examples("watch"))
def watch(
    folders: Annotated[
        list[Path],
        typer.Argument(parser=read_path, metavar="FOLDER...", help="Folders of music videos."),
    ],
    interval: Annotated[
        float, typer.Option(min=0.05, max=10_080, help="Minutes from one sweep to the next.")
    ] = 5.0,
    settle: Annotated[
        float,
        typer.Option(min=0, max=86_400, help="Seconds for which a file must stand still."),
    ] = 10.0,
    once: Annotated[
        bool, typer.Option("--once", help="One sweep, such as for cron; then end.")
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Encoders of a new library.", autocompletion=complete_profile
        ),
    ] = None,
    lyrics: Annotated[LyricsModeName, typer.Option(help="See `mvsearch index`.")] = "auto",
    library: LibraryOption = None,
) -> None:
    """Index folders at an interval, and soon after files change; until Ctrl-C.

    A file that is still being written is left until it stands still. One line is written for each
    sweep that changed anything, and for each new problem; a sweep that fails does not end the
    watch.
    """
    from mvsearch.search.api.upkeep.watch import watch_folders
    from mvsearch.search.output.tables.listing import print_line

    console, cancel = make_console(), threading.Event()
    if not once:
        names = ", ".join(map(str, folders))
        print_line(
            console, f"Watching {names}: a sweep every {interval:g} minutes. Ctrl-C ends it."
        )
    try:
        summary = watch_folders(
            *folders,
            library=library,
            profile=profile,
            interval_seconds=60 * interval,
            settle_seconds=settle,
            once=once,
            on_sweep=lambda sweep: _tell(sweep, console),
            cancel=cancel,
            lyrics=lyrics,
        )
    except KeyboardInterrupt:
        cancel.set()
        print_line(console, "Stopped.")
        return
    if once and summary is not None:
        print_line(console, describe_sweep(summary) or "Nothing has changed.")
        if summary.failures:
            raise typer.Exit(EXIT_FAILURES)
    elif not once:
        print_line(console, "Stopped.")


def _tell(sweep: "Sweep", console: "Console") -> None:
    from mvsearch.search.output.tables.listing import print_line

    lines = [describe_sweep(sweep.summary) if sweep.summary else "", sweep.problem]
    for line in filter(None, lines):
        print_line(console, line)
    console.file.flush()


def describe_sweep(summary: "RunSummary") -> str:
    """What a sweep changed, in one line; empty for nothing."""
    counts = {
        "indexed": summary.indexed,
        "removed": summary.removed,
        "transcribed": summary.transcribed,
        "failed": len(summary.failures) if summary.indexed else 0,
    }
    parts = [f"{n} {name}" for name, n in counts.items() if n]
    if summary.unfinished:
        names = ", ".join(path.name for path in summary.unfinished[:3])
        parts.append(f"{len(summary.unfinished)} still being written ({names})")
    if not parts:
        return ""
    return f"{', '.join(parts)} in {summary.seconds:.1f} s"
