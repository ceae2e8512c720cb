"""The commands of kept searches: `mvsearch sessions list` and others."""

from typing import Annotated

import typer

from mvsearch.search.commands.options.common import (
    ForceOption,
    JsonOption,
    LibraryOption,
    require_command,
)
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.verbosity import print_notice
from mvsearch.search.output.terminal import make_console, print_json

app = typer.Typer(
    help="Searches that are kept to be refined by what is liked and disliked.",
    epilog=show_examples("sessions"),
)
app.callback(invoke_without_command=True)(require_command)

SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="Its name.")]


@app.command("list", epilog=show_examples("sessions list"))
def list_sessions(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """List the sessions, the latest first: what was asked, and how much is judged."""
    import mvsearch
    from mvsearch.search.output.tables.sessions import print_sessions

    with mvsearch.open(library) as opened:
        sessions = opened.sessions()
    if as_json:
        print_json([one.to_dict() for one in sessions])
    else:
        print_sessions(sessions, make_console())


@app.command("rename", epilog=show_examples("sessions rename"))
def rename_session(
    session: SessionArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its new name.")],
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Give a session a name, under which it is kept until it is deleted."""
    import mvsearch

    with mvsearch.open(library) as opened:
        named = opened.rename_session(session, name, replace=force)
    print_notice(f"the session is called {named.name}")


@app.command("delete", epilog=show_examples("sessions delete"))
def delete_session(session: SessionArgument, library: LibraryOption = None) -> None:
    """Delete a session; no video is touched."""
    import mvsearch

    with mvsearch.open(library) as opened:
        opened.delete_session(session)
    print_notice("the session is deleted")
