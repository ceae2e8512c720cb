"""The command that generates music for a picture: `mvsearch compose`."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import (
    ForceOption,
    JsonOption,
    LibraryOption,
    read_path,
)
from mvsearch.search.commands.options.configuration import has_library
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.verbosity import print_notice
from mvsearch.search.output.terminal import make_console, print_json
from mvsearch.store.errors import WeightsMissingError

if TYPE_CHECKING:
    from mvsearch import VideoLibrary
    from mvsearch.search.composing.composition import Composition

app = typer.Typer()

# How the caption was found, for the line below the result.
SOURCES = {
    "given": "your words",
    "blip": "BLIP's caption, with the picture's mood",
    "tags": "the picture's classes and mood, as BLIP's weights are missing",
}


@app.command(epilog=show_examples("compose"))
def compose(
    image: Annotated[Path, typer.Option(parser=read_path, metavar="FILE", help="The picture.")],
    seconds: Annotated[
        float, typer.Option(min=1, max=30, metavar="S", help="Seconds of music.")
    ] = 10.0,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, metavar="FILE.wav", help="Default: the picture's name, here."
        ),
    ] = None,
    caption: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Words to generate by; default: what it shows and its mood."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, metavar="N", help="Another seed, other music.")
    ] = 0,
    projection: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Of `train compose`: by the picture, not by words."),
    ] = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Generate music for a picture with MusicGen, and write it as WAV.

    A library gives the genres of its songs that fit the picture. Without MusicGen's weights, the
    song of the library that fits best is named instead.
    """
    import mvsearch
    from mvsearch.search.composing.composition import check_target
    from mvsearch.search.output.progress import choose_progress

    target = out or Path(f"{image.stem or 'music'}.wav")
    check_target(target, has_force=force)
    with mvsearch.open(library) if has_library(library) else nullcontext() as opened:
        try:
            made = mvsearch.compose(
                image,
                seconds=seconds,
                caption=caption,
                seed=seed,
                projection=projection,
                library=opened,
                progress=choose_progress(make_console(stderr=True), is_silent=as_json),
            )
        except WeightsMissingError:
            _offer_song(opened, image, as_json=as_json)
            raise
    made.write(target, force=force)
    if as_json:
        print_json(made.to_dict() | {"path": str(target.absolute())})
    else:
        _describe(made, target)


def _describe(made: "Composition", target: Path) -> None:
    loudness = made.loudness
    typer.echo(f"written: {target}")
    typer.echo(
        f"{made.duration_seconds:g} s by {made.model}, seed {made.seed}: {loudness.lufs:.1f} LUFS,"
        f" true peak {loudness.peak_dbtp:.1f} dBTP"
    )
    if made.caption is not None:
        typer.echo(f"by the words: {made.caption.text} ({SOURCES[made.caption.source]})")


def _offer_song(library: "VideoLibrary | None", image: Path, *, as_json: bool) -> None:
    """Name the song of a library that fits a picture, which is all that is left without weights."""
    from mvsearch.search.commands.last_results import store_results
    from mvsearch.search.output.text import format_seconds, name_video

    if library is None:
        print_notice("With --library, a song that fits the picture is named instead.")
        return
    found = library.music_for(image, top=1)
    if as_json:
        print_json({"instead": [result.to_dict() for result in found.results]})
    for result in () if as_json else found.results:
        moment = result.best_moment
        at = "" if moment is None else f" at {format_seconds(moment.start_seconds)}"
        doubt = " (no better than chance)" if found.is_weak else ""
        song = f"{name_video(result.video)}{at}{doubt}"
        typer.echo(f"Of your library fits best: {song}; `mvsearch play` plays it")
    store_results(found.results)
