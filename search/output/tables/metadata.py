"""Formats metadata as lines of text, each with where it is from."""

from collections.abc import Iterator

from mvsearch.search.output.text import format_seconds, shorten
from mvsearch.store.records import Metadata
from mvsearch.store.unicode import truncate

# JSON has all.
N_VALUES = 8
N_LETTERS = 200
_NAMES = {"source_id": "id at source", "url": "address", "runtime": "minutes"}


def list_metadata_lines(metadata: Metadata) -> Iterator[str]:
    """One line for each field: its name, its first values, and where they are from."""
    for field in metadata.fields:
        name = describe_field(field.name)
        values = [show_value(field.name, value) for value in field.values[:N_VALUES]]
        n_more = len(field.values) - len(values)
        more = f" and {n_more} more" if n_more else ""
        yield f"{name:<9} {', '.join(values)}{more} ({field.source})"


def describe_field(name: str) -> str:
    """The name of a field for people."""
    return _NAMES.get(name, name.replace("_", " ").replace("musicbrainz", "MusicBrainz"))


def split_chapter(value: str) -> tuple[float, str]:
    """The time of a chapter in seconds, and its title."""
    seconds, _, title = value.partition(" ")
    return float(seconds), title


def show_value(name: str, value: str) -> str:
    """A value in one line, with its unit."""
    if name == "chapter":
        at, title = split_chapter(value)
        return f"{format_seconds(at)} {shorten(title)}"
    if name.endswith("_gain"):
        return f"{value} dB"
    return truncate(" ".join(value.split()), N_LETTERS)
