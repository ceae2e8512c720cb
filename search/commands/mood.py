"""The command that predicts the mood of files: `mvsearch mood`."""

from typing import Annotated

import typer

from mvsearch.search.commands.options.common import JsonOption
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.output.terminal import make_console, print_json
from mvsearch.store.unicode import printable

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
    of the library over time.
    """
    import mvsearch
    from mvsearch.search.output.tables.moods import print_moods
    from mvsearch.search.query.guess import guess_files

    found = [
        (part.value, mvsearch.predict_mood(mvsearch.Query((part,)))) for part in guess_files(files)
    ]
    if as_json:
        print_json([{"file": printable(name), **one.to_dict()} for name, one in found])
    else:
        print_moods(found, make_console())
