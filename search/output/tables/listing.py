"""Formats videos, failures and run summaries as tables and JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.search.entry import Entry, describe_stage
from mvsearch.search.output.tables.links import link_file, stack_lines
from mvsearch.search.output.tables.metadata import list_metadata_lines
from mvsearch.search.output.tables.moods import describe_mood, list_track_lines
from mvsearch.search.output.text import (
    describe_no_results,
    describe_tempo,
    format_seconds,
    shorten,
)
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.order import VideoOrder
from mvsearch.store.records import MODALITIES, Failure, Lyrics, Tag, Video, join_sides
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.indexer.encoders.networks.files.weights import ModelStatus

# Maximum number of tags shown; JSON has all.
N_TAGS = 8
# Maximum number of exact copies shown; JSON has all.
N_COPIES = 5


class RunSummary(Protocol):
    """The counts of an index run that `print_summary` shows."""

    indexed: int
    unchanged: int
    removed: int
    missing: int
    failures: list[Failure]
    unfinished: list[Path]
    kept_out: int
    ignored: int
    transcribed: int
    with_text: int
    seconds: float
    is_interrupted: bool

    @property
    def failed(self) -> int:
        """The number of failed files."""


def print_models(statuses: "Sequence[ModelStatus]", console: Console) -> None:
    """Print one line per encoder, and their problems below."""
    heads = ("encoder", "profiles", "weights", "MB", "licence", "from")
    table = Table(*heads, box=None, pad_edge=False)
    for status in statuses:
        state = "there" if status.is_present else "missing"
        size = f"{status.n_bytes / 1e6:.0f}" if status.n_bytes else ""
        licence = status.card.licence if status.card is not None else ""
        cells = (status.name, ", ".join(status.profiles), state, size, licence, status.origin)
        table.add_row(*(Text(printable(cell), overflow="fold") for cell in cells))
    console.print(table)
    for status in statuses:
        if status.problem:
            print_line(console, f"{status.name}: {status.problem}")


def print_licences(statuses: "Sequence[ModelStatus]", console: Console) -> None:
    """Print the licence, the source and the packages of each network, one line each."""
    table = Table("encoder", "licence", "source", "packages", "sha256", box=None, pad_edge=False)
    for status in statuses:
        card = status.card
        licence, source = (card.licence, card.source) if card is not None else ("", status.origin)
        cells = (status.name, licence, source, " ".join(status.packages), status.sha256[:12])
        table.add_row(*(Text(printable(cell), overflow="fold") for cell in cells))
    console.print(table)


def print_summary(summary: RunSummary, console: Console, folder: Path | None = None) -> None:
    """Print the counts of a run in one line, and its failures in a table."""
    said = [f"{summary.indexed} indexed", f"{summary.unchanged} unchanged"]
    said += [f"{summary.transcribed} transcribed"] if summary.transcribed else []
    said += [f"{summary.with_text} with text in the picture"] if summary.with_text else []
    said += [f"{summary.removed} removed"] if summary.removed else []
    said += [f"{summary.missing} missing but kept"] if summary.missing else []
    said += [f"{summary.failed} failed"] if summary.failures else []
    said += [f"{len(summary.unfinished)} still being written"] if summary.unfinished else []
    said += [f"{summary.kept_out} kept out as removed"] if summary.kept_out else []
    said += [f"{summary.ignored} ignored"] if summary.ignored else []
    _print_counts(said, summary, console, folder)


def print_transcription(summary: RunSummary, console: Console) -> None:
    """Print the number of transcribed videos in one line, and failures in a table."""
    said = [f"{summary.transcribed} transcribed" if summary.transcribed else "nothing transcribed"]
    said += [f"{summary.failed} failed"] if summary.failures else []
    _print_counts(said, summary, console)


def _print_counts(
    said: Sequence[str], summary: RunSummary, console: Console, folder: Path | None = None
) -> None:
    """Print failures in a table, then the counts in one line."""
    if summary.failures:
        print_failures(summary.failures, console, folder)
    end = "; stopped early, what was done is kept" if summary.is_interrupted else ""
    print_line(console, f"{', '.join(said)} in {summary.seconds:.1f} s{end}")


def print_failures(
    failures: Sequence[Failure], console: Console, folder: Path | None = None
) -> None:
    """Print a table of failures; paths below `folder` are relative to it."""
    table = Table("file", "stage", "code", "why", box=None, pad_edge=False)
    for failure in failures:
        path = failure.path
        if folder is not None and path.is_relative_to(folder.absolute()):
            path = path.relative_to(folder.absolute())
        row = (path, failure.stage, failure.code, failure.message)
        table.add_row(*(Text(printable(cell), overflow="fold") for cell in row))
    console.print(table)


def asks_mood(asked: Filter, order: VideoOrder) -> bool:
    """Whether a list is asked for by mood, and so shows moods."""
    return asked.asks_mood or order in ("valence", "arousal", "mood-gap")


def asks_tempo(asked: Filter, order: VideoOrder) -> bool:
    """Whether a list is asked for by tempo or key, and so shows both."""
    return asked.asks_tempo or order == "bpm"


def print_videos(
    videos: Sequence[Video],
    console: Console,
    asked: Filter = Filter(),
    order: VideoOrder = "artist",
) -> None:
    """Print one line per video and exact copy, with moods or tempos where they are asked for."""
    if asked and not videos:
        console.print(Text(describe_no_results(asked)))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("artist")
    table.add_column("title")
    table.add_column("length", justify="right", no_wrap=True)
    has_moods, has_tempos = asks_mood(asked, order), asks_tempo(asked, order)
    for name in ("mood", "valence", "arousal", "gap") if has_moods else ():
        table.add_column(name, justify="left" if name == "mood" else "right", no_wrap=True)
    for name in ("bpm", "key") if has_tempos else ():
        table.add_column(name, justify="left" if name == "key" else "right", no_wrap=True)
    for video in videos:
        table.add_row(
            video.id[:12],
            Text(shorten(printable(video.artist or "–"))),
            stack_lines(
                [link_file(shorten(printable(video.title)), video.path), *_list_copies(video)]
            ),
            format_seconds(video.duration_seconds),
            *(_list_mood(video) if has_moods else ()),
            *(_list_tempo(video) if has_tempos else ()),
        )
    console.print(table)
    print_line(console, f"{len(videos)} videos" if len(videos) != 1 else "1 video")


def _list_mood(video: Video) -> list[str]:
    values = (video.valence, video.arousal, video.mood_gap)
    named = ", ".join(video.moods) or "–"
    return [named, *("–" if value is None else f"{value:.2f}" for value in values)]


def _list_tempo(video: Video) -> list[str]:
    bpm = "–" if video.bpm is None else f"{video.bpm:.1f}"
    return [bpm, "–" if video.key is None else f"{video.key} ({video.camelot})"]


def _list_copies(video: Video) -> list[Text]:
    """The other files of the same content, one line each."""
    paths = video.other_paths[:N_COPIES]
    listed = [link_file(f"= {shorten(printable(str(path)))}", path) for path in paths]
    n_more = len(video.other_paths) - len(listed)
    return listed + ([Text(f"= {n_more} more files")] if n_more else [])


def print_entry(entry: Entry, console: Console) -> None:
    """Print everything known about a video."""
    video = entry.video
    measured = "measured" if video.is_duration_measured else "by its header"
    print_line(console, f"{video.artist or '–'} – {video.title}")
    print_line(console, f"id        {video.id}")
    print_line(console, f"length    {format_seconds(video.duration_seconds)} ({measured})")
    # A library of an earlier version has no metadata but the year.
    year = () if video.year is None else (f"year      {video.year}",)
    for line in tuple(list_metadata_lines(entry.metadata)) or year:
        print_line(console, line)
    for path in entry.paths:
        print_line(console, f"file      {path}")
    for modality, what in (("frames", "looks"), ("audio", "sounds")):
        if tags := [tag for tag in entry.tags if tag.modality == modality]:
            print_line(console, f"{what:<9} {_list_tags(tags)}")
    _print_music(entry, console)
    for stage in sorted(entry.stages, key=lambda stage: MODALITIES.index(stage.stage)):
        line = f"{stage.stage:<9} {stage.status} {stage.encoder} {describe_stage(stage)}"
        print_line(console, line.rstrip())
    if entry.n_uniform:
        print_line(console, f"          {entry.n_uniform} frames of one colour left out")
    if entry.lyrics is not None:
        _print_lyrics(entry.lyrics, console)
    if entry.shown:
        print_line(console, "\ntext in the picture")
    for shown in entry.shown:
        print_line(console, f"{format_seconds(shown.start_seconds):>7}  {shown.text}")


def _print_music(entry: Entry, console: Console) -> None:
    """Print the mood as a whole and of each side over time, and tempo and key."""
    if line := describe_mood(join_sides(entry.moods)) or entry.why_no_mood:
        print_line(console, f"mood      {line}")
    for track in entry.moods:
        valence, arousal = list_track_lines(track)
        print_line(console, f"{track.side:<9} {valence}")
        print_line(console, f"{'':<9} {arousal}")
    if tempo := describe_tempo(entry.video):
        print_line(console, f"tempo     {tempo}")


def _list_tags(tags: Sequence[Tag]) -> str:
    """The first tags with their times and probabilities, and the number of the others."""
    shown = [
        f"{tag.name} {format_seconds(tag.start_seconds)}–{format_seconds(tag.end_seconds)}"
        f" {tag.probability:.2f}"
        for tag in tags[:N_TAGS]
    ]
    n_more = len(tags) - len(shown)
    return f"{', '.join(shown)}{f' and {n_more} more' if n_more else ''}"


def _print_lyrics(lyrics: Lyrics, console: Console) -> None:
    """Print lines with their times, and rejected ones with the reason."""
    language = f", {lyrics.language}" if lyrics.language else ""
    print_line(console, f"\nlyrics from {lyrics.source} {lyrics.origin}{language}")
    for line in lyrics.lines:
        note = f"   ({line.rejected})" if line.rejected else ""
        print_line(console, f"{format_seconds(line.start_seconds):>7}  {line.text}{note}")


def print_line(console: Console, line: str) -> None:
    """Print one line without markup and control characters."""
    newline = "\n" if line.startswith("\n") else ""
    console.print(
        newline + printable(line.strip("\n")), highlight=False, markup=False, soft_wrap=True
    )
