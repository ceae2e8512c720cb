"""Describes metadata for the templates: values with links to videos that share them."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from mvsearch.search.output.tables.metadata import describe_field, show_value, split_chapter
from mvsearch.store.records import FACET_FIELDS, Metadata, MetadataField

_MAIN = ("album", "genre", "director", "studio", "channel", "rating")


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field with its values, each with the address of the videos that share it, or empty."""

    label: str
    values: Sequence[tuple[str, str]]
    source: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a video.

    Attributes:
        main: the fields that people look at first.
        all: all others than description and chapters, with their sources.
        description: line by line.
        chapters: times in seconds and titles.
    """

    main: Sequence[KnownField]
    all: Sequence[KnownField]
    description: Sequence[str]
    chapters: Sequence[tuple[float, str]]


def describe_metadata(metadata: Metadata) -> Known:
    """What is known of a video, for its page."""
    long = ("description", "chapter")
    return Known(
        [_describe(one) for one in metadata.fields if one.name in _MAIN],
        [_describe(one) for one in metadata.fields if one.name not in long],
        (metadata.first("description") or "").splitlines(),
        [split_chapter(one) for one in metadata.get("chapter")],
    )


def _describe(field: MetadataField) -> KnownField:
    values = []
    for value in field.values:
        address = ""
        if field.name in FACET_FIELDS:
            address = f"/browse?{urlencode({str(field.name): value})}"
        values.append((show_value(field.name, value), address))
    return KnownField(describe_field(field.name), values, field.source)
