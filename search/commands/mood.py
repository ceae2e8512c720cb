"""The command that predicts the mood of files: `mvsearch mood`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import JsonOption
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.search.output.terminal import make_console, print_json
from mvsearch.store.errors import MediaError, QueryError
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.store.records import VideoMood

app = typer.Typer()


@app.command(epilog=show_examples("mood"))
def mood(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE[@START-END]...", help="Pictures, sounds and video clips."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Predict the mood of files: valence and arousal.

    Valence is from unpleasant (0) to pleasant (1), arousal from quiet to excited, of the picture
    and of the sound, each with a confidence. No library is needed; `show` has the mood of a video
    of the library over time. A file that cannot be used is a line, and the others are predicted.
    """
    from mvsearch.search.output.tables.moods import print_moods

    found = list(_predict_each(files))
    if as_json:
        print_json([{"file": printable(name), **one.to_dict()} for name, one in found])
    else:
        print_moods(found, make_console())
    if len(found) < len(files):
        raise typer.Exit(EXIT_FAILURES)


def _predict_each(files: list[str]) -> "Iterator[tuple[str, VideoMood]]":
    """The moods of files; one that has none is a line on standard error.

    Raises:
        MvsearchError: the only file has none.
    """
    import mvsearch
    from mvsearch.search.query.guess import guess_files

    for file in files:
        try:
            (part,) = guess_files([file])
            mood = mvsearch.predict_mood(mvsearch.Query((part,)))
        except (QueryError, MediaError) as error:
            if len(files) == 1:
                raise
            typer.echo(printable(str(error)), err=True)
        else:
            yield part.value, mood
