"""The commands of runs: `mvsearch train list`, `show` and `use`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.output.terminal import make_console, print_json
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.search.api.training import Run

app = typer.Typer()

RunArgument = Annotated[str, typer.Argument(metavar="NAME", help="Of the run.")]


@app.command("list", epilog=show_examples("train list"))
def list_runs(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """List the runs of the library and of the user, also unfinished ones."""
    import mvsearch
    from mvsearch.search.output.tables.training import print_runs

    runs = mvsearch.list_runs(library)
    if as_json:
        print_json([run.to_dict() for run in runs])
    else:
        print_runs(runs, make_console())


@app.command("show", epilog=show_examples("train show"))
def show_run_command(
    name: RunArgument, as_json: JsonOption = False, library: LibraryOption = None
) -> None:
    """Show the card of a run: data, split, figures, options."""
    import mvsearch

    show_run(mvsearch.find_run(name, library), as_json=as_json)


@app.command("use", epilog=show_examples("train use"))
def use_run(name: RunArgument, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Let the library use what a run has trained; an encoder once all videos are encoded by it."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.tables.training import print_encoders

    task = mvsearch.find_run(name, library).task
    if task == "compose":
        raise MvsearchError(f"nothing is switched: `mvsearch compose --projection {name}` uses it")
    progress = choose_progress(make_console(stderr=True), is_silent=as_json)
    if task == "mood" or task.startswith("audiovisual"):
        if task == "mood":
            mvsearch.use_heads(name, library, progress=progress)
        else:
            mvsearch.use_towers(name, library)
        show_run(mvsearch.find_run(name, library), as_json=as_json)
        return
    with mvsearch.open(library) as opened:
        states = opened.switch_encoder(name, progress=progress)
    if as_json:
        print_json([state.to_dict() for state in states])
    else:
        print_encoders(states, make_console())


def show_run(run: "Run", *, as_json: bool) -> None:
    """Print a run."""
    from mvsearch.search.output.tables.training import print_run

    if as_json:
        print_json(run.to_dict())
    else:
        print_run(run, make_console())
