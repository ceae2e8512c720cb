"""Finds the sound that fits a picture, and the pictures that fit a sound, by the trained towers."""

from dataclasses import dataclass, replace

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.joint.places import Places
from mvsearch.search.joint.tables import JointTable, read_trained_table
from mvsearch.search.mood.chance import Chance, fit_chance
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.analyse import analyse_part
from mvsearch.search.query.contents import open_indexes
from mvsearch.search.query.query import QueryPart, check_file
from mvsearch.search.query.spaces import profile_spaces
from mvsearch.search.ranking import make_ranker
from mvsearch.search.results import Moment, Result
from mvsearch.search.scoring.calibration import WeakMarks
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import MediaError, QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix, Modality, Side, Video

MODALITIES: dict[Side, Modality] = {"picture": "frames", "sound": "audio"}
OTHER: dict[Side, Side] = {"picture": "sound", "sound": "picture"}
# A weak result is as similar as one in ten unrelated pairs.
MIN_SURPRISAL = 1.0
# Cosines of unrelated pairs where a library has few: about none; and the weight of that in pairs.
PRIOR, PRIOR_PAIRS = Chance(0.0, 0.3), 100
# Videos of the asking side whose pairs are compared.
MAX_PROBES = 64


@dataclass(frozen=True, slots=True, eq=False)
class AskedPlace:
    """One side of a query in the space of the towers.

    Attributes:
        place: (k,) float32.
        video_id: of a query that is a video of the library.
    """

    side: Side
    place: Matrix
    video_id: str | None = None


def find_trained_fits(
    library: Library,
    part: QueryPart,
    side: Side,
    encoders: Encoders,
    options: SearchOptions,
    filter: Filter = Filter(),
) -> list[Result]:
    """The videos whose other side is nearest to one side of a part, each with its moment.

    A result is weak where chance finds as much: one in ten unrelated pairs of the library.

    Raises:
        QueryError: the part cannot be read or lacks this side, or the towers are of other spaces.
        LibraryDamagedError: the towers are damaged.
    """
    with library.holding():
        table = read_trained_table(library)
        if table is None:
            raise QueryError(
                "the towers that this library uses are of other encoders than it has now: train"
                " them again by `mvsearch train audiovisual`"
            )
        asked = _place_part(library, table, part, side, encoders)
        found = table.sounds if side == "picture" else table.pictures
        return _rank(library, table, asked, found, options, filter)


def _place_part(
    library: Library, table: JointTable, part: QueryPart, side: Side, encoders: Encoders
) -> AskedPlace:
    """Where one side of a part lies."""
    if part.kind == "like":
        video = library.catalog.find_video(part.value)
        own = table.pictures if side == "picture" else table.sounds
        if video.id not in own.video_ids:
            raise QueryError(f"{video.title!r} has no {side} to search by")
        return AskedPlace(side, own.vectors[own.video_ids.index(video.id)], video.id)
    if part.media is None:
        check_file(part.path, part.value)
    try:
        made = analyse_part(part, encoders, (MODALITIES[side],))
    except MediaError as error:
        raise QueryError(f"cannot read {part.name}: {error}") from error
    place = table.project(side, made)
    if place is None:
        raise QueryError(f"{part.name} holds no {side} to search by")
    return AskedPlace(side, place)


def _rank(
    library: Library,
    table: JointTable,
    asked: AskedPlace,
    found: Places,
    options: SearchOptions,
    filter: Filter,
) -> list[Result]:
    passing = library.catalog.passing(filter) if filter else set(found.video_ids)
    chosen = [
        at for at, one in enumerate(found.video_ids) if one in passing and one != asked.video_id
    ]
    similarities = _compare(table, asked, found.vectors[chosen])
    modality = MODALITIES[OTHER[asked.side]]
    surprisals = measure_chance(table, asked.side).compute_surprisal(similarities)
    indexes = open_indexes(library) if options.has_collapse else {}
    ranker = make_ranker(library, options, {modality: 1.0}, WeakMarks(0, {}), indexes)
    results = ranker.rank(
        [found.video_ids[at] for at in chosen],
        ({modality: similarities}, {modality: surprisals}),
        lambda video: _locate(library, table, video, asked),
    )
    return [replace(one, is_weak=_is_weak(one)) for one in results]


def _is_weak(result: Result) -> bool:
    (part,) = result.contributions.values()
    return part.calibrated < MIN_SURPRISAL


def _compare(table: JointTable, asked: AskedPlace, places: Matrix) -> FloatArray:
    """The similarities (n,) of a query with n places of the other side."""
    own = asked.place[None]
    pair = (own, places) if asked.side == "picture" else (places, own)
    return table.compare(*pair).reshape(-1).astype(np.float64)


def measure_chance(table: JointTable, side: Side) -> Chance:
    """How similar unrelated videos are: the asking side of some, the other side of all."""
    asking, asked = table.pictures, table.sounds
    if side == "sound":
        asking, asked = asked, asking
    step = max(1, -(-len(asking.video_ids) // MAX_PROBES))
    probes = asking.vectors[::step]
    pair = (probes, asked.vectors) if side == "picture" else (asked.vectors, probes)
    similarities = table.compare(*pair)
    similarities = similarities if side == "picture" else similarities.T
    own = np.array(asking.video_ids[::step])[:, None] == np.array(asked.video_ids)
    return fit_chance(similarities.astype(np.float64)[~own], PRIOR, PRIOR_PAIRS)


def _locate(
    library: Library, table: JointTable, video: Video, asked: AskedPlace
) -> tuple[Moment, ...]:
    """The window, or frame, of a video that is nearest; none where it has no time."""
    side = OTHER[asked.side]
    modality = MODALITIES[side]
    space = profile_spaces(library)[modality]
    found = library.catalog.embeddings(video.id, space.key)
    if found is None or not len(found.segments) or table.towers is None:
        return ()
    tower = table.towers.picture if side == "picture" else table.towers.sound
    similarities = _compare(table, asked, tower.project(found.vectors))
    at = int(similarities.argmax())
    segment = found.segments[at]
    similarity = float(similarities[at])
    return (Moment(video.id, modality, segment.start_seconds, segment.end_seconds, similarity),)
