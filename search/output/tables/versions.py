"""Formats versions as a table and as JSON."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.indexer.encoders.operating_points import NOT_CALIBRATED
from mvsearch.indexer.progress import Progress, Silence, count_steps
from mvsearch.search.output.text import describe_no_results, format_seconds, name_video, write_json
from mvsearch.search.versions.find import Versions, find_versions
from mvsearch.search.versions.groups import Group
from mvsearch.search.versions.relations import KINDS, Kind, Relation, describe_evidence
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from mvsearch.store.records import Video
from mvsearch.store.unicode import printable

VersionsForm = Literal["table", "json", "html"]

KIND_LABELS: dict[Kind, str] = {
    "duplicate": "same picture and sound",
    "excerpt": "one is contained in the other",
    "same-sound": "same sound, another picture",
    "same-picture": "same picture, another sound",
    "same-lyrics": "same lyrics, another sound and picture",
}


@dataclass(frozen=True, slots=True)
class VersionsReport:
    """The format of the report.

    Attributes:
        width: of a table, in characters.
    """

    form: VersionsForm = "table"
    width: int = 120


def write_versions(
    library: Library,
    report: VersionsReport,
    progress: Progress | None = None,
    filter: Filter = Filter(),
) -> str:
    """Find the versions among the videos that pass the filter, and write a report.

    Args:
        library: of the videos.
        report: the format.
        progress: of the stages "compare" and "pictures".
        filter: selects the videos to compare.

    Raises:
        MvsearchError: the library is empty.
    """
    progress = progress or Silence()
    versions = find_versions(library, progress=count_steps(progress, "compare"), filter=filter)
    if report.form == "json":
        return write_json(versions.to_dict())
    if report.form == "html":
        # Only the page has pictures.
        from mvsearch.search.output.html.stills import LibraryStills
        from mvsearch.search.output.html.versions import render_versions

        return render_versions(versions, LibraryStills(library, count_steps(progress, "pictures")))
    page = io.StringIO()
    console = Console(file=page, width=report.width, markup=False, emoji=False)
    print_versions(versions, console, filter)
    return page.getvalue()


def print_versions(versions: Versions, console: Console, asked: Filter = Filter()) -> None:
    """Print the groups, then a table of pairs for each kind."""
    if not versions.videos:
        console.print(Text(describe_no_results(asked)))
        return
    if versions.uncalibrated:
        console.print(Text(describe_uncalibrated(versions)))
    _print_identical(versions.identical, console)
    if not versions.relations:
        console.print(Text("no versions of each other found"))
        return
    _print_groups(versions.groups, console)
    for kind in KINDS:
        pairs = [relation for relation in versions.relations if relation.kind == kind]
        if pairs:
            _print_pairs(kind, pairs, console)


def describe_uncalibrated(versions: Versions) -> str:
    """One line that lists the uncalibrated encoders; empty if there are none."""
    names = ", ".join(versions.uncalibrated)
    return f"{names}: {NOT_CALIBRATED}, so not compared" if names else ""


def _print_identical(videos: Sequence[Video], console: Console) -> None:
    if not videos:
        return
    table = Table("identical: one content in several files", box=None, pad_edge=False)
    for video in videos:
        paths = "\n".join(printable(str(path)) for path in (video.path, *video.other_paths))
        table.add_row(Text(paths, overflow="fold"))
    console.print(table)
    console.print()


def _print_groups(groups: Sequence[Group], console: Console) -> None:
    table = Table("group", "sure", "videos", box=None, pad_edge=False, title_justify="left")
    for group in groups:
        names = "\n".join(name_file(video) for video in group.videos)
        table.add_row(group.kind, f"{group.confidence:.2f}", Text(names, overflow="fold"))
    if groups:
        console.print(table)


def _print_pairs(kind: Kind, pairs: Sequence[Relation], console: Console) -> None:
    table = Table(box=None, pad_edge=False, title_justify="left")
    table.title = Text(f"\n{kind}: {KIND_LABELS[kind]}")
    table.add_column("sure", justify="right", no_wrap=True)
    for name in ("whole" if kind == "excerpt" else "first", "part" if kind == "excerpt" else
                 "second", "why"):  # fmt: skip
        table.add_column(name, overflow="fold")
    table.add_column("offset", justify="right", no_wrap=True)
    for pair in pairs:
        why = "\n".join(describe_evidence(modality, one) for modality, one in pair.evidence.items())
        cells = (Text(name_file(pair.first)), Text(name_file(pair.second)), Text(why))
        table.add_row(f"{pair.confidence:.2f}", *cells, format_offset(pair.offset_seconds))
    console.print(table)


def name_file(video: Video) -> str:
    """The display name with the file type, in which copies often differ."""
    return f"{name_video(video)} [{printable(video.path.suffix.lstrip('.'))}]"


def format_offset(seconds: float | None) -> str:
    """An offset as text, such as `+1:05`; below a minute to a tenth of a second."""
    if seconds is None:
        return "–"
    sign = "+" if seconds > 0 else "−"
    if abs(seconds) < 0.05:
        return "0"
    return sign + (f"{abs(seconds):.1f} s" if abs(seconds) < 60 else format_seconds(abs(seconds)))
