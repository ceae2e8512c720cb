"""Formats videos, failures and run summaries as tables and JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.indexer.encoders.networks.weights import ModelStatus
from mvsearch.search.output.text import format_seconds, printable, shorten
from mvsearch.store.library import Library
from mvsearch.store.records import MODALITIES, Failure, Lyrics, Stage, Tag, Video

# So many tags say what a video looks like; JSON has them all.
N_TAGS = 8
# So many exact copies are listed; JSON has them all.
N_COPIES = 5


class Account(Protocol):
    """What `print_summary` needs to know of an indexing run."""

    indexed: int
    unchanged: int
    removed: int
    missing: int
    failures: list[Failure]
    unfinished: list[Path]
    seconds: float
    is_interrupted: bool

    @property
    def failed(self) -> int:
        """Files with a failure."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One video with all that is known of it."""

    video: Video
    paths: tuple[Path, ...]
    stages: tuple[Stage, ...]
    lyrics: Lyrics | None
    n_uniform: int
    tags: tuple[Tag, ...] = ()


def model_to_dict(status: ModelStatus) -> dict[str, Any]:
    """An encoder and its weights as JSON."""
    return {
        "name": status.name,
        "profiles": list(status.profiles),
        "is_present": status.is_present,
        "n_bytes": status.n_bytes,
        "folder": None if status.folder is None else str(status.folder),
        "origin": status.origin,
        "problem": status.problem or None,
    }


def print_models(statuses: Sequence[ModelStatus], console: Console) -> None:
    """A line an encoder; what is wrong, and what to do, below it."""
    table = Table("encoder", "profiles", "weights", "MB", "from", box=None, pad_edge=False)
    for status in statuses:
        state = "there" if status.is_present else "missing"
        size = f"{status.n_bytes / 1e6:.0f}" if status.n_bytes else ""
        cells = (status.name, ", ".join(status.profiles), state, size, status.origin)
        table.add_row(*(Text(printable(cell), overflow="fold") for cell in cells))
    console.print(table)
    for status in statuses:
        if status.problem:
            say(console, f"{status.name}: {status.problem}")


def video_to_dict(video: Video) -> dict[str, Any]:
    """A video as the JSON contract has it."""
    return {
        "id": video.id,
        "path": str(video.path),
        "title": printable(video.title),
        "artist": None if video.artist is None else printable(video.artist),
        "duration_seconds": round(video.duration_seconds, 3),
    }


def placed_to_dict(video: Video) -> dict[str, Any]:
    """A video as JSON, with every other file of the same content."""
    return video_to_dict(video) | {"other_paths": [str(path) for path in video.other_paths]}


def failure_to_dict(failure: Failure) -> dict[str, str]:
    """A failure as the JSON contract has it."""
    return {
        "path": str(failure.path),
        "stage": failure.stage,
        "code": failure.code,
        "message": printable(failure.message),
    }


def summary_to_dict(summary: Account) -> dict[str, Any]:
    """An indexing run as the JSON contract has it."""
    return {
        "indexed": summary.indexed,
        "unchanged": summary.unchanged,
        "removed": summary.removed,
        "failed": summary.failed,
        "failures": [failure_to_dict(failure) for failure in summary.failures],
        "unfinished": len(summary.unfinished),
        "seconds": round(summary.seconds, 3),
    }


def print_summary(summary: Account, console: Console, folder: Path) -> None:
    """Say what a run did in one line, and what failed in a table."""
    said = [f"{summary.indexed} indexed", f"{summary.unchanged} unchanged"]
    said += [f"{summary.removed} removed"] if summary.removed else []
    said += [f"{summary.missing} missing but kept"] if summary.missing else []
    said += [f"{summary.failed} failed"] if summary.failures else []
    said += [f"{len(summary.unfinished)} still being written"] if summary.unfinished else []
    if summary.failures:
        print_failures(summary.failures, console, folder)
    end = "; stopped early, what was done is kept" if summary.is_interrupted else ""
    say(console, f"{', '.join(said)} in {summary.seconds:.1f} s{end}")


def print_failures(
    failures: Sequence[Failure], console: Console, folder: Path | None = None
) -> None:
    """A table of failures; paths below `folder` are shown without it."""
    table = Table("file", "stage", "code", "why", box=None, pad_edge=False)
    for failure in failures:
        path = failure.path
        if folder is not None and path.is_relative_to(folder.absolute()):
            path = path.relative_to(folder.absolute())
        row = (path, failure.stage, failure.code, failure.message)
        table.add_row(*(Text(printable(cell), overflow="fold") for cell in row))
    console.print(table)


def print_videos(videos: Sequence[Video], console: Console) -> None:
    """A line a video, and one for each exact copy."""
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("artist")
    table.add_column("title")
    table.add_column("length", justify="right", no_wrap=True)
    for video in videos:
        table.add_row(
            video.id[:12],
            Text(shorten(printable(video.artist or "–"))),
            Text("\n".join([shorten(printable(video.title)), *name_copies(video)])),
            format_seconds(video.duration_seconds),
        )
    console.print(table)
    say(console, f"{len(videos)} videos" if len(videos) != 1 else "1 video")


def name_copies(video: Video) -> list[str]:
    """The other files of the same content, a line each."""
    listed = [f"= {shorten(printable(str(path)))}" for path in video.other_paths[:N_COPIES]]
    n_more = len(video.other_paths) - len(listed)
    return listed + ([f"= {n_more} more files"] if n_more else [])


def read_entry(library: Library, video: Video) -> Entry:
    """Gather what is known of a video."""
    catalog = library.catalog
    return Entry(
        video,
        tuple(location.path for location in catalog.locations(video_id=video.id)),
        tuple(catalog.stages(video.id)),
        catalog.lyrics(video.id),
        len(catalog.uniform_seconds(video.id)),
        catalog.tags(video.id),
    )


def entry_to_dict(entry: Entry) -> dict[str, Any]:
    """An entry as JSON."""
    lyrics = entry.lyrics
    return {
        "video": video_to_dict(entry.video)
        | {
            "is_duration_measured": entry.video.is_duration_measured,
            "has_picture": entry.video.has_picture,
            "has_sound": entry.video.has_sound,
        },
        "paths": [str(path) for path in entry.paths],
        "stages": [
            {
                "stage": stage.stage,
                "encoder": stage.encoder,
                "status": stage.status,
                "detail": printable(_describe(stage)),
            }
            for stage in entry.stages
        ],
        "n_uniform_frames": entry.n_uniform,
        "tags": [tag_to_dict(tag) for tag in entry.tags],
        "lyrics": None if lyrics is None else lyrics_to_dict(lyrics),
    }


def tag_to_dict(tag: Tag) -> dict[str, Any]:
    """A tag as JSON."""
    return {
        "name": printable(tag.name),
        "start_seconds": round(tag.start_seconds, 3),
        "end_seconds": round(tag.end_seconds, 3),
        "probability": round(tag.probability, 4),
    }


def lyrics_to_dict(lyrics: Lyrics) -> dict[str, Any]:
    """Lyrics with their provenance as JSON."""
    return {
        "source": lyrics.source,
        "origin": printable(lyrics.origin),
        "language": lyrics.language,
        "lines": [
            {
                "start_seconds": line.start_seconds,
                "end_seconds": line.end_seconds,
                "text": printable(line.text),
                "rejected": line.rejected,
            }
            for line in lyrics.lines
        ],
    }


def print_entry(entry: Entry, console: Console) -> None:
    """All that is known of a video, for reading."""
    video = entry.video
    measured = "measured" if video.is_duration_measured else "by its header"
    say(console, f"{video.artist or '–'} – {video.title}")
    say(console, f"id        {video.id}")
    say(console, f"length    {format_seconds(video.duration_seconds)} ({measured})")
    for path in entry.paths:
        say(console, f"file      {path}")
    if entry.tags:
        shown = [
            f"{tag.name} {format_seconds(tag.start_seconds)}–{format_seconds(tag.end_seconds)}"
            f" {tag.probability:.2f}"
            for tag in entry.tags[:N_TAGS]
        ]
        n_more = len(entry.tags) - len(shown)
        say(console, f"looks     {', '.join(shown)}{f' and {n_more} more' if n_more else ''}")
    for stage in sorted(entry.stages, key=lambda stage: MODALITIES.index(stage.stage)):
        line = f"{stage.stage:<9} {stage.status} {stage.encoder} {_describe(stage)}"
        say(console, line.rstrip())
    if entry.n_uniform:
        say(console, f"          {entry.n_uniform} frames of one colour left out")
    if entry.lyrics is not None:
        _print_lyrics(entry.lyrics, console)


def _describe(stage: Stage) -> str:
    """What is to be said of a stage: why it made nothing, or what it was made from."""
    rough = "key frames only" if stage.has_key_frames_only else ""
    return "; ".join(filter(None, (stage.detail, stage.origin, rough)))


def _print_lyrics(lyrics: Lyrics, console: Console) -> None:
    """Lines with their times; rejected ones with the reason."""
    language = f", {lyrics.language}" if lyrics.language else ""
    say(console, f"\nlyrics from {lyrics.source} {lyrics.origin}{language}")
    for line in lyrics.lines:
        note = f"   ({line.rejected})" if line.rejected else ""
        say(console, f"{format_seconds(line.start_seconds):>7}  {line.text}{note}")


def say(console: Console, line: str) -> None:
    """Print one line as it is, whatever it holds."""
    newline = "\n" if line.startswith("\n") else ""
    console.print(
        newline + printable(line.strip("\n")), highlight=False, markup=False, soft_wrap=True
    )
