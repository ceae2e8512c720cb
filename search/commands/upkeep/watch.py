"""The command that keeps a library up to date with its folders: `mvsearch watch`."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.index import LyricsModeName
from mvsearch.search.commands.options.common import LibraryOption, read_path
from mvsearch.search.commands.options.completion import complete_profile
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.observing import MetricsOption, observed
from mvsearch.search.commands.process import EXIT_FAILURES, EXIT_INTERRUPTED
from mvsearch.search.output.terminal import make_console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from mvsearch.search.api.upkeep.watch import Sweep
    from mvsearch.search.output.tables.listing import RunSummary

app = typer.Typer()

N_SHOWN = 3


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
    metrics: MetricsOption = None,
) -> None:
    """Index folders at an interval, and soon after files change; until Ctrl-C.

    A file that is still being written is left until it stands still. One line is written for each
    sweep that changed anything, and for each new problem; a sweep that fails does not end the
    watch.
    """
    from mvsearch.search.api.upkeep.watch import check_folders, watch_folders
    from mvsearch.search.output.tables.listing import print_line

    console, cancel = make_console(), threading.Event()
    check_folders(*folders)
    telling = _Telling(console)
    if not once:
        names, every = ", ".join(map(str, folders)), f"a sweep every {interval:g} minutes"
        print_line(console, f"Watching {names}: {every}. Ctrl-C ends it.")
    try:
        with observed("watch", metrics):
            summary = watch_folders(
                *folders,
                library=library,
                profile=profile,
                interval_seconds=60 * interval,
                settle_seconds=settle,
                once=once,
                on_sweep=telling.tell,
                cancel=cancel,
                lyrics=lyrics,
            )
    except KeyboardInterrupt:
        if once:
            raise
        cancel.set()
        summary = None
    if not once:
        print_line(console, "Stopped.")
    elif summary is not None:
        print_line(console, describe_sweep(summary) or "Nothing has changed.")
        if summary.is_interrupted or summary.failures:
            raise typer.Exit(EXIT_INTERRUPTED if summary.is_interrupted else EXIT_FAILURES)


@dataclass(slots=True)
class _Telling:
    """Tells of sweeps; of files that are still being written once, not at each look at them."""

    console: "Console"
    waiting: list[Path] = field(default_factory=list)

    def tell(self, sweep: "Sweep") -> None:
        """Write what a sweep changed, and a new problem."""
        from mvsearch.search.output.tables.listing import print_line

        line = "" if sweep.summary is None else describe_sweep(sweep.summary, self.waiting)
        if sweep.summary is not None:
            self.waiting = list(sweep.summary.unfinished)
        for said in filter(None, (line, sweep.problem)):
            print_line(self.console, said)
        self.console.file.flush()


def describe_sweep(summary: "RunSummary", told: "Sequence[Path]" = ()) -> str:
    """What a sweep changed, in one line; empty for nothing.

    Args:
        summary: of the sweep.
        told: files that are known to be still written.
    """
    counts = {
        "indexed": summary.indexed,
        "removed": summary.removed,
        "transcribed": summary.transcribed,
        "failed": len(summary.failures) if summary.indexed else 0,
    }
    parts = [f"{n} {name}" for name, n in counts.items() if n]
    files = summary.unfinished
    if files and (parts or list(files) != list(told)):
        names = ", ".join(file.name for file in files[:N_SHOWN])
        parts.append(f"{len(files)} still being written ({names})")
    return f"{', '.join(parts)} in {summary.seconds:.1f} s" if parts else ""
