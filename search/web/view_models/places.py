"""Describes where a result has each part of a query, for the chips of its card."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from mvsearch import Result
from mvsearch.search.output.text import format_part, format_seconds
from mvsearch.store.records import Modality


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a query is.

    Attributes:
        address: of the video at the time; empty where there is no time.
        time: in words, such as `1:05`; empty without one.
        label: the part, such as `lyric("salt")`.
        told: all of it in words.
        modality: by which it was found; None if it was not.
        is_missing: whether it is asked for and not there, or excluded and there.
    """

    address: str
    time: str
    label: str
    told: str
    modality: Modality | None
    is_missing: bool


def describe_places(result: Result) -> Iterator[Place]:
    """The parts in the order of the query; what is excluded only if the video has it."""
    for part in result.parts:
        if part.is_against and not part.is_found:
            continue
        start = part.start_seconds if part.is_found else None
        query = "" if start is None else urlencode({"t": f"{start:.2f}"})
        yield Place(
            "" if start is None else f"/video/{result.video.id}?{query}",
            "" if start is None else format_seconds(start),
            f"excluded: {part.name}" if part.is_against else part.name,
            format_part(part),
            part.modality if part.is_found else None,
            part.is_found == part.is_against,
        )
