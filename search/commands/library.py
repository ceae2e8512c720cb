"""The commands that show and tidy a library: `mvsearch list`, `show`, `remove` and their like."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.opening import find_media, find_video, open_library
from mvsearch.search.commands.options import (
    ForceOption,
    JsonOption,
    LibraryOption,
    MaybeVideoArgument,
    VideoArgument,
    read_path,
)
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.search.output.terminal import make_console, print_json, print_text
from mvsearch.store.errors import MvsearchError, QueryError

app = typer.Typer()

LyricsForm = Literal["txt", "csv", "lrc", "srt"]


@app.command()
def lyrics(
    video: MaybeVideoArgument = None,
    for_all: Annotated[bool, typer.Option("--all", help="Every video that has lyrics.")] = False,
    form: Annotated[LyricsForm, typer.Option("--format", help="Form of the files.")] = "txt",
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, metavar="DIR", help="Write files; csv comes with a txt beside it."
        ),
    ] = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Print lyrics, or write them to files."""
    from mvsearch.search.output.files import write_output
    from mvsearch.search.output.lyrics_files import format_lyrics, name_lyrics
    from mvsearch.store.unicode import printable

    if (video is None) != for_all:
        raise MvsearchError("name one VIDEO, or say --all")
    if for_all and out is None:
        raise MvsearchError("--all writes files: say where with --out DIR")
    with open_library(library) as opened:
        videos = opened.catalog.videos() if video is None else [find_video(opened, video)]
        known = [(one, found) for one in videos if (found := opened.catalog.lyrics(one.id))]
        if video is not None and not known:
            raise MvsearchError(f"no lyrics are known of {videos[0].title!r}")
        if out is None:
            print_text(format_lyrics(known[0][1], form))
            return
        files: dict[Path, bytes] = {}
        for chosen, found in known:
            try:
                files |= name_lyrics(found, chosen, form, out, files)
            except QueryError as error:
                if not for_all:
                    raise
                typer.echo(printable(f"{chosen.title}: {error}"), err=True)
        write_output(files, has_force=force, is_media=find_media(opened))
    typer.echo(f"{len(files)} {'file' if len(files) == 1 else 'files'} written to {out}")


@app.command("list")
def list_videos(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the videos of the library."""
    from mvsearch.search.output.listing import print_videos

    with open_library(library) as opened:
        videos = opened.catalog.videos()
    if as_json:
        print_json([video.to_dict(has_copies=True) for video in videos])
    else:
        print_videos(videos, make_console())


@app.command()
def show(video: VideoArgument, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show all that is known of a video, lyrics and their source included."""
    from mvsearch.search.entry import read_entry
    from mvsearch.search.output.listing import print_entry

    with open_library(library) as opened:
        entry = read_entry(opened, find_video(opened, video))
    if as_json:
        print_json(entry.to_dict())
    else:
        print_entry(entry, make_console())


@app.command()
def remove(
    video: MaybeVideoArgument = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Every video whose files are gone.")
    ] = False,
    library: LibraryOption = None,
) -> None:
    """Take a video out of the library; its files are not touched."""
    if (video is None) != missing:
        raise MvsearchError("name one VIDEO, or say --missing")
    with open_library(library) as opened, opened.writing():
        catalog = opened.catalog
        if video is not None:
            paths = [
                found.path for found in catalog.locations(video_id=find_video(opened, video).id)
            ]
        else:
            paths = [found.path for found in catalog.locations() if not found.path.exists()]
            paths += [bad.path for bad in catalog.failures() if not bad.path.exists()]
        n_removed = len(catalog.drop_locations(paths))
        catalog.clear_failures(paths)
    typer.echo(f"{n_removed} {'video' if n_removed == 1 else 'videos'} removed")


@app.command()
def failures(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the files that could not be indexed, and why."""
    from mvsearch.search.output.listing import print_failures

    with open_library(library) as opened:
        found = opened.catalog.failures()
    if as_json:
        print_json([failure.to_dict() for failure in found])
    elif found:
        print_failures(found, make_console())
    else:
        typer.echo("no failures")


@app.command()
def status(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show the library in numbers: videos, segments, what is still to do."""
    from mvsearch.search.output.status import print_status
    from mvsearch.search.status import read_status

    with open_library(library) as opened:
        numbers = read_status(opened)
    if as_json:
        print_json(numbers)
    else:
        print_status(numbers, make_console())


@app.command()
def check(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Look through the whole library for damage, and say how to make it anew."""
    from mvsearch.indexer.progress import follow
    from mvsearch.search.output.checkup import print_checkup
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.store.catalog.checking import check_library
    from mvsearch.store.opening import default_library_folder

    progress = choose_progress(make_console(stderr=True), is_silent=as_json)
    with progress:
        tell = partial(follow(progress, "videos"), "check")
        found = check_library(library or default_library_folder(), tell)
    if as_json:
        print_json(found.to_dict())
    else:
        print_checkup(found, make_console())
    if found.damages:
        raise typer.Exit(EXIT_FAILURES)
