"""The command that searches: `mvsearch search`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mvsearch.search.commands.options.asking import with_parts
from mvsearch.search.commands.options.common import (
    CollapseOption,
    ForceOption,
    FusionOption,
    JsonOption,
    LibraryOption,
    MisheardOption,
    PerArtistOption,
    TopOption,
    WeightsOption,
    read_path,
)
from mvsearch.search.commands.options.completion import complete_search_form, complete_video
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.filtering import with_filter
from mvsearch.search.commands.options.order import OrderedCommand
from mvsearch.search.commands.options.target import check_target
from mvsearch.search.commands.options.verbosity import print_notice
from mvsearch.search.output.forms import SEARCH_FORMS
from mvsearch.search.output.terminal import make_console, print_json, print_text, write_file
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mvsearch import VideoLibrary
    from mvsearch.search.api.arguments import SearchArguments
    from mvsearch.search.commands.options.asking import AskedParts
    from mvsearch.search.picture_music import WayName
    from mvsearch.search.query.query import Query, QueryPart
    from mvsearch.search.query.spaces import By
    from mvsearch.search.results import SearchResults
    from mvsearch.store.catalog.filter import Filter

app = typer.Typer()


@app.command(epilog=show_examples("search"), cls=OrderedCommand)
@with_filter
@with_parts
def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY",
            help="Words, a file (picture, clip, sound), or the title of a video.",
            autocompletion=complete_video,
        ),
    ] = None,
    *,
    asked: "AskedParts",
    for_music: Annotated[
        bool, typer.Option("--for-music", help="Find the songs that fit a picture.")
    ] = False,
    for_picture: Annotated[
        bool, typer.Option("--for-picture", help="Find the pictures that fit a sound.")
    ] = False,
    filter: "Filter",
    weights: WeightsOption = None,
    fusion: FusionOption = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="copy|look|words|sound|trained|mood",
            help="Search by pictures for the same shot, or for similar content; by default: copy"
            " for --image and --clip. With --for-music look, words, trained or mood alone, with"
            " --for-picture sound, trained or mood.",
            autocompletion=lambda: ["copy", "look", "words", "sound", "trained", "mood"],
        ),
    ] = None,
    misheard: MisheardOption = True,
    top: TopOption = 10,
    collapse: CollapseOption = False,
    per_artist: PerArtistOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_m3u: Annotated[bool, typer.Option("--m3u", help="Print a playlist.")] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="table|csv|json|m3u|NAME",
            help="Format of the results; NAME: of a plug-in.",
            autocompletion=complete_search_form,
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(parser=read_path, metavar="FILE", help="Write an HTML page, too."),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the HTML page in the browser.")
    ] = False,
    session: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Keep the search under a name, to refine it."),
    ] = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Find videos with moments and reasons; several parts make one query.

    With --while and --then the order of the options counts: what is between two --then is at one
    moment. Bare words come first. docs/queries.md has the language of --query.

    Filters limit what is searched; alone, they list the videos that pass. A video does not pass a
    filter on a value that is unknown.
    """
    import mvsearch
    from mvsearch.search.commands.last_results import show_page, store_page, store_results
    from mvsearch.search.query.weights import parse_weights

    form = choose_form(form, as_json=as_json, as_csv=as_csv, as_m3u=as_m3u)
    with mvsearch.open(library) as opened:
        check_target(html, opened, has_force=force)
        arguments: SearchArguments = {
            "weights": parse_weights(weights) if weights else None, "fusion": fusion, "top": top,
            "collapse": collapse, "per_artist": per_artist, "by": cast("By | None", by),
            "misheard": misheard,
        }  # fmt: skip
        if (for_music, for_picture, bool(asked.contrast)).count(True) > 1:
            raise MvsearchError("--for-music, --for-picture and contrasts exclude each other")
        if asked.contrast:
            others = [*asked.given, *(words or ())]
            results = _contrast(opened, asked.contrast, others, filter, arguments)
        else:
            query = _make_query(words or [], asked, opened, filter)
            if for_music or for_picture:
                results = _fit(opened, query, arguments, is_music=for_music)
            else:
                results = opened.search(query, **arguments)
        if session is not None:
            kept = opened.keep_session(session, results, replace=force)
            results = replace(results, session=kept)
        page = opened.report_search(results) if html or open_page else ""
    for note in results.notes:
        print_notice(note)
    print_answer(results, form)
    store_results(results, None if for_music or for_picture else (opened.address, results))
    if html is not None:
        write_file(html, page, has_force=force, reports_path=form == "table")
    if open_page:
        show_page(html or store_page(page))


def _make_query(
    words: "list[str]", asked: "AskedParts", library: "VideoLibrary", filter: "Filter"
) -> "Query":
    """The query of bare words and options."""
    from mvsearch.search.query.query import Query

    if asked.query is not None:
        from mvsearch.search.query.language.parsing import parse_query

        if words:
            raise MvsearchError("--query has all parts in it: leave out the words and files")
        return parse_query(asked.query, filter=filter)
    from mvsearch.search.query.language.joining import chain_parts, read_part

    def read(name: str, value: str) -> "QueryPart":
        return read_part(name, value, library)

    first = _guess_parts(words, library) if words else []
    expression = chain_parts(first, asked.given, read)
    if expression is not None:
        return Query((), filter, expression)
    return Query((*first, *(read(name, value) for name, value in asked.given)), filter)


def _contrast(
    library: "VideoLibrary",
    given: "Mapping[str, str]",
    others: "Sequence[object]",
    filter: "Filter",
    arguments: "SearchArguments",
) -> "SearchResults":
    """Search by the options of a contrast, each the name of a video or a file."""
    from mvsearch.search.query.guess import guess_media
    from mvsearch.search.query.query import Query

    if others:
        raise MvsearchError("a contrast has no other parts: leave out the words, files and videos")
    if all(value.strip() for value in given.values()):
        found: Any = {r: Query((guess_media(value, library),)) for r, value in given.items()}
        return library.contrast(**found, filter=filter, **arguments)
    raise MvsearchError("a contrast names videos or files: one of them is empty")


def _fit(
    library: "VideoLibrary", query: "Query", arguments: "SearchArguments", *, is_music: bool
) -> "SearchResults":
    """Find the songs that fit a picture, or the pictures that fit a sound."""
    from mvsearch.search.options import SearchOptions

    options: SearchArguments = {**arguments, "by": None}
    find = library.music_for if is_music else library.pictures_for
    found = find(query, way=cast("WayName | None", arguments.get("by")), **options)
    return found.to_search_results(query, SearchOptions(top=arguments["top"]))


def choose_form(
    form: str | None, *, as_json: bool = False, as_csv: bool = False, as_m3u: bool = False
) -> str:
    """The output format of the options.

    Raises:
        MvsearchError: several options are given, or the format is unknown.
    """
    from mvsearch.search.output.plugin_forms import find_form

    if as_json + as_csv + as_m3u + (form is not None) > 1:
        raise MvsearchError("--json, --csv, --m3u and --format exclude each other")
    form = form or ("json" if as_json else "csv" if as_csv else "m3u" if as_m3u else "table")
    if form not in SEARCH_FORMS:
        find_form(form, SEARCH_FORMS)
    return form


def _guess_parts(words: list[str], library: "VideoLibrary") -> "list[QueryPart]":
    """Interpret bare arguments as parts, and print the interpretation."""
    from mvsearch.search.query.guess import guess_parts

    guesses = guess_parts(words, library)
    print_notice(f"searching by {' and '.join(map(str, guesses))}")
    return [guess.part for guess in guesses]


def print_answer(found: "SearchResults", form: str) -> None:
    """Print results in a built-in format or that of a plug-in."""
    from mvsearch.search.output import report
    from mvsearch.search.output.playlists import results_to_m3u
    from mvsearch.search.output.plugin_forms import ResultList, find_form, write_form

    if form == "json":
        print_json(found.to_dict())
    elif form == "csv":
        print_text(report.results_to_csv(found))
    elif form == "m3u":
        print_text(results_to_m3u(found))
    elif form == "table":
        report.print_results(found, make_console(), asked=found.query.filter)
    else:
        plugin = find_form(form, SEARCH_FORMS)
        print_text(write_form(plugin, [ResultList(report.title_query(found.query), found.results)]))
