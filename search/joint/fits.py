"""Finds the sound that fits a picture, and the pictures that fit a sound, by the trained towers."""

from collections.abc import Sequence
from dataclasses import replace

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.joint.other_side import (
    MODALITIES,
    OTHER,
    AskedSide,
    measure_chance,
    rank_other_side,
)
from mvsearch.search.joint.tables import JointTable, read_trained_table
from mvsearch.search.mood.chance import MIN_SURPRISAL, Chance
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.analyse import Analyse, reading
from mvsearch.search.query.query import QueryPart
from mvsearch.search.query.spaces import profile_spaces
from mvsearch.search.results import Moment, Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Side, Video

# Cosines of unrelated pairs where a library has few: about none.
PRIOR = Chance(0.0, 0.3)


def find_trained_fits(
    library: Library,
    part: QueryPart,
    side: Side,
    encoders: Encoders,
    analyse: Analyse,
    options: SearchOptions,
    filter: Filter,
) -> list[Result]:
    """The videos whose other side is nearest to one side of a part, each with its moment.

    A result is weak where chance finds as much: one in ten unrelated pairs of the library.

    Raises:
        QueryError: the part cannot be read or lacks this side, or the towers are of other spaces.
        LibraryDamagedError: the towers are damaged.
    """
    made: Sequence[Embeddings] = ()
    if part.kind != "like":
        with reading(part):  # slow, so outside of a transaction
            made = analyse(part, encoders, (MODALITIES[side],))
    with library.holding():
        table = read_trained_table(library)
        if table is None:
            raise QueryError(
                "the towers that this library uses are of other encoders than it has now: train"
                " them again by `mvsearch train audiovisual`"
            )
        asked = _place_part(library, table, part, side, made)
        found = table.list_places(OTHER[side])
        chance = measure_chance(asked, table.list_places(side), found, PRIOR)
        results = rank_other_side(
            library, asked, found, chance,
            lambda video: _locate(library, table, video, asked), options, filter,
        )  # fmt: skip
        return [replace(one, is_weak=_is_weak(one)) for one in results]


def _place_part(
    library: Library,
    table: JointTable,
    part: QueryPart,
    side: Side,
    made: Sequence[Embeddings],
) -> AskedSide:
    """Where one side of a part lies; `made` has the vectors of a file."""
    if part.kind == "like":
        video = library.catalog.find_video(part.value)
        own = table.list_places(side)
        if video.id not in own.video_ids:
            raise QueryError(f"{video.title!r} has no {side} to search by")
        place = own.vectors[own.video_ids.index(video.id)]
        return AskedSide(side, place, table.compare, video.id)
    projected = table.project(side, made)
    if projected is None:
        raise QueryError(f"{part.name} holds no {side} to search by")
    return AskedSide(side, projected, table.compare)


def _is_weak(result: Result) -> bool:
    (part,) = result.contributions.values()
    return part.calibrated < MIN_SURPRISAL


def _locate(
    library: Library, table: JointTable, video: Video, asked: AskedSide
) -> tuple[Moment, ...]:
    """The window, or frame, of a video that is nearest; none where it has no time."""
    side = OTHER[asked.side]
    modality = MODALITIES[side]
    space = profile_spaces(library)[modality]
    found = library.catalog.embeddings(video.id, space.key)
    if found is None or not len(found.segments) or table.towers is None:
        return ()
    similarities = asked.measure(table.towers.choose(side).project(found.vectors))
    at = int(similarities.argmax())
    segment = found.segments[at]
    similarity = float(similarities[at])
    return (Moment(video.id, modality, segment.start_seconds, segment.end_seconds, similarity),)
