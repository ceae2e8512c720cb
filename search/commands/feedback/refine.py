"""The command that refines a search by what is liked and disliked: `mvsearch refine`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption
from mvsearch.search.commands.options.completion import complete_search_form
from mvsearch.search.commands.options.examples import show_examples

if TYPE_CHECKING:
    from mvsearch.search.results import SearchResults

app = typer.Typer()

JUDGED_HELP = "{} of the last list, such as 2,5 or 1:sound or 3@1:05-1:10:look."


@app.command(epilog=show_examples("refine"))
def refine(
    session: Annotated[
        str | None, typer.Argument(metavar="SESSION", help="Its name; default: the last search.")
    ] = None,
    like: Annotated[
        list[str] | None, typer.Option(metavar="N,…", help=JUDGED_HELP.format("What is liked"))
    ] = None,
    dislike: Annotated[
        list[str] | None, typer.Option(metavar="N,…", help=JUDGED_HELP.format("What is disliked"))
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="VIDEO", help="Take back the judgements of a video."),
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back the last judgements, and their list.")
    ] = False,
    new: Annotated[bool, typer.Option("--new", help="Leave out what was shown before.")] = False,
    top: Annotated[
        int | None, typer.Option(min=1, help="Number of videos; default: of the session.")
    ] = None,
    as_json: JsonOption = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="table|csv|json|m3u|NAME",
            help="Format of the results; NAME: of a plug-in.",
            autocompletion=complete_search_form,
        ),
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Search again by what is liked and disliked; without either, make the last list again.

    What is neither liked nor disliked counts as not chosen. Look, lyrics and sound are judged
    together, or apart.
    """
    import mvsearch
    from mvsearch.search.commands.last_results import find_last_session, store_results
    from mvsearch.search.commands.search import choose_form, print_answer

    form = choose_form(form, as_json=as_json)
    with mvsearch.open(library) as opened:
        results = opened.refine(
            session if session is not None else find_last_session(opened),
            like=like or (),
            dislike=dislike or (),
            forget=forget or (),
            undo=undo,
            new=new,
            top=top,
        )
    print_answer(results, form)
    store_results(results, (opened.address, results))
    _tell_judgements(results)


def _tell_judgements(results: "SearchResults") -> None:
    """Print the name of the session, its judgements, and notes, to standard error."""
    from mvsearch.search.commands.options.verbosity import print_notice
    from mvsearch.search.output.tables.sessions import describe_session

    for note in results.notes:
        print_notice(note)
    if results.session is not None:
        print_notice(describe_session(results.session))
