"""Writes the versions report as one self-contained page."""

from collections.abc import Mapping, Sequence

from mvsearch.search.output.html.page import (
    Place,
    StillSource,
    find_nearest,
    gather_sheet,
    render_page,
)
from mvsearch.search.output.tables.versions import (
    KIND_LABELS,
    describe_uncalibrated,
    format_offset,
    name_file,
)
from mvsearch.search.output.text import format_seconds
from mvsearch.search.versions.agreement import Part
from mvsearch.search.versions.find import Versions
from mvsearch.search.versions.relations import KINDS, Relation, describe_evidence
from mvsearch.store.records import Modality

# Maximum number of pairs of a kind that are not collapsed.
MAX_UNFOLDED = 40
# A second between the moments of two stills costs as much as this distance from the example.
SECONDS_OF_NEARNESS = 20.0

Seconds = Mapping[str, Sequence[float]]
Places = tuple[Place, Place]


def render_versions(versions: Versions, stills: StillSource) -> str:
    """Render groups and pairs, each pair with a picture of the same moment in both.

    Args:
        versions: of a library.
        stills: pictures of the videos; a placeholder is shown if there is none.

    Returns:
        A complete HTML document in which all text is escaped.
    """
    shown = {v.id: v for one in versions.relations for v in (one.first, one.second)}
    seconds = stills.list_seconds(list(shown.values()))
    places = [choose_places(relation, seconds) for relation in versions.relations]
    wanted = [place for pair in places for place in pair if place[1] in seconds.get(place[0], ())]
    sheet = gather_sheet(wanted, stills)
    pairs = list(zip(versions.relations, places, strict=True))
    kinds = [(kind, [pair for pair in pairs if pair[0].kind == kind]) for kind in KINDS]
    return render_page(
        "versions.html",
        "Versions",
        ["pictures.css", "versions.css"],
        sheet.style,
        versions=versions,
        kinds=[(kind, some) for kind, some in kinds if some],
        most_unfolded=MAX_UNFOLDED,
        pictures=sheet,
        KIND_LABELS=KIND_LABELS,
        format_seconds=format_seconds,
        list_shared=list_shared,
        name_file=name_file,
        describe_evidence=describe_evidence,
        format_offset=format_offset,
        describe_uncalibrated=describe_uncalibrated,
    )


def choose_places(relation: Relation, seconds: Seconds) -> Places:
    """Choose two stills of the same moment; any if the videos share no picture and sound.

    Args:
        relation: of the pair.
        seconds: the times of the stills of both, by id; without stills the moment is returned.
    """
    first, second = relation.first, relation.second
    stills = seconds.get(first.id, ()), seconds.get(second.id, ())
    shared = (*list_shared(relation, "frames"), *list_shared(relation, "audio"))
    part = shared[0] if shared else None
    if part is None:
        wanted = first.duration_seconds / 3, second.duration_seconds / 3
    else:
        wanted = part.example_seconds
    if part is not None and all(stills):
        wanted = _match_stills(part, *stills)
    at, other = (
        round(max(time, 0.0), 1) if (nearest := find_nearest(some, time)) is None else nearest
        for time, some in zip(wanted, stills, strict=True)
    )
    return (first.id, at), (second.id, other)


def list_shared(relation: Relation, modality: Modality) -> tuple[Part, ...]:
    """The parts that both videos share of their picture or sound."""
    one = relation.evidence.get(modality)
    return () if one is None or one.verdict in ("differs", "missing") else one.parts


def _match_stills(
    part: Part, firsts: Sequence[float], seconds: Sequence[float]
) -> tuple[float, float]:
    """The stills of both that are nearest to the same moment and to the example."""
    (start, end), (other_start, other_end) = part.first_seconds, part.second_seconds
    speed = (other_end - other_start) / (end - start) if end > start else 1.0
    best, chosen = float("inf"), part.example_seconds
    for time in firsts:
        same = other_start + (time - start) * speed
        other = find_nearest(seconds, same)
        if other is None or not start <= time <= end:
            continue
        cost = abs(other - same) + abs(time - part.example_seconds[0]) / SECONDS_OF_NEARNESS
        if cost < best:
            best, chosen = cost, (time, other)
    return chosen
