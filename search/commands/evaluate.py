"""The command that measures retrieval quality: `mvsearch evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import (
    ForceOption,
    JsonOption,
    LibraryOption,
    read_path,
)
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.target import check_target
from mvsearch.search.output.terminal import make_console, print_json, write_file
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.search.evaluation.evaluation import Evaluation

app = typer.Typer()


@app.command(epilog=show_examples("evaluate"))
def evaluate(
    clips: Annotated[
        int, typer.Option(min=1, help="Number of clips; each is used with every distortion.")
    ] = 60,
    lengths: Annotated[
        str, typer.Option(metavar="S,…", help="Lengths of clips in seconds, such as 3,5,10.")
    ] = "5",
    distortions: Annotated[
        str,
        typer.Option(metavar="NAME,…", help="Distortions, such as none,crop 70,noise 10; or all."),
    ] = "all",
    kinds: Annotated[
        str,
        typer.Option(
            metavar="KIND,…",
            help="Kinds of queries: clip, image, lyric, mix, similar, own-sound; in-time,"
            " feedback.",
        ),
    ] = "clip,image,lyric,mix,similar,own-sound",
    groups: Annotated[
        list[Path] | None,
        typer.Option(
            parser=read_path,
            metavar="FILE.csv",
            help="Columns path and group: videos that are right answers for each other.",
        ),
    ] = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            parser=read_path,
            metavar="FILE.csv",
            help="Columns file, valence, arousal, kind: pictures beside it are asked for sound of"
            " their quadrant.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Measure the same videos under another profile."),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,…",
            help="Compare profiles, such as embedded,paper; or the encoder in use with one that"
            " was added by `mvsearch encoders add`.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 1,
    workers: Annotated[int | None, typer.Option(min=1, help="Clips in parallel.")] = None,
    as_json: JsonOption = False,
    html: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, metavar="FILE", help="Write tables and plots to an HTML page."
        ),
    ] = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Measure retrieval quality with distorted queries that are cut from the library."""
    import mvsearch
    from mvsearch.search.evaluation.queries.arguments import (
        parse_compared,
        parse_distortions,
        parse_kinds,
        parse_lengths,
    )
    from mvsearch.search.evaluation.queries.sample import SampleOptions
    from mvsearch.search.output.progress import choose_progress

    sample = SampleOptions(
        n_clips=clips,
        lengths_seconds=parse_lengths(lengths),
        distortions=parse_distortions(distortions),
        kinds=parse_kinds(kinds),
        seed=seed,
    )
    if profile is not None and compare is not None:
        raise MvsearchError("--profile and --compare exclude each other")
    with mvsearch.open(library) as opened:
        names = [] if profile is None else [profile]
        if compare is not None:
            names = parse_compared(compare, opened.profile)
        check_target(html, opened, has_force=force)
        found = opened.evaluate(
            sample,
            profiles=names,
            groups=groups or (),
            labels=labels or (),
            workers=workers,
            progress=choose_progress(make_console(stderr=True), is_silent=as_json),
        )
    _show_evaluations(found, is_compared=compare is not None, as_json=as_json)
    if html is not None:
        write_file(html, _render(found), has_force=force, reports_path=not as_json)


def _render(found: "list[Evaluation]") -> str:
    """Render one evaluation, or a comparison of several, as a page."""
    from mvsearch.search.evaluation.report.page import render_comparison, render_evaluation

    return render_comparison(found) if len(found) > 1 else render_evaluation(found[0])


def _show_evaluations(found: "list[Evaluation]", *, is_compared: bool, as_json: bool) -> None:
    """Print one evaluation, or a comparison of several."""
    from mvsearch.search.evaluation.report.as_json import comparison_to_json, evaluation_to_json
    from mvsearch.search.evaluation.report.comparison import print_comparison
    from mvsearch.search.evaluation.report.table import print_evaluation

    if as_json:
        print_json(comparison_to_json(found) if is_compared else evaluation_to_json(found[0]))
    elif len(found) > 1:
        print_comparison(found, make_console())
    else:
        print_evaluation(found[0], make_console())
