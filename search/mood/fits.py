"""Finds the songs whose mood fits a picture, and the pictures whose mood fits a sound."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.mood.joint import compare
from mvsearch.indexer.mood.measure import find_mood_space, measure_mood
from mvsearch.indexer.mood.used import find_heads
from mvsearch.search.mood.chance import MOODS, Chance, fit_chance, is_weak_fit
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.analyse import analyse_part
from mvsearch.search.query.contents import list_videos, open_copy_indexes
from mvsearch.search.query.mood import check_shows
from mvsearch.search.query.query import QueryPart, check_file
from mvsearch.search.ranking import Ranker, make_ranker
from mvsearch.search.results import Moment, MoodFit, Result
from mvsearch.search.scoring.calibration import WeakMarks
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.reading.moods import MoodTable
from mvsearch.store.errors import MediaError, QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import SIDE_OF, Matrix, Modality, Mood, Side, Video

Floats = npt.NDArray[np.floating[Any]]

MODALITIES: dict[Side, Modality] = {side: modality for modality, side in SIDE_OF.items()}
OTHER: dict[Side, Side] = {"picture": "sound", "sound": "picture"}
# A moment reaches as far as the mood is as near, up to this distance more, and this long.
MOMENT_REACH = 0.05
MAX_MOMENT_SECONDS = 30.0
# Of heads of a run: the videos whose pairs are compared, and the weight of `MOODS` in pairs.
MAX_PROBES, PRIOR_PAIRS = 64, 100


@dataclass(frozen=True, slots=True, eq=False)
class AskedMood:
    """The mood of one side of a query.

    Attributes:
        joint: (k,) float32, its point of the joint space.
        video_id: of a query that is a video of the library.
    """

    side: Side
    mood: Mood
    joint: Matrix
    video_id: str | None = None


def read_mood(part: QueryPart, side: Side, library: Library, encoders: Encoders) -> AskedMood:
    """The mood of the picture or of the sound of a part of a query.

    Raises:
        QueryError: it cannot be read, lacks this side, or the profile knows no moods.
    """
    if part.kind == "like":
        video = library.catalog.find_video(part.value)
        found = [t for t in library.catalog.mood_tracks(video.id) if t.side == side]
        if not found:
            raise QueryError(f"no mood is known of the {side} of {video.title!r}")
        return AskedMood(side, found[0].mood, found[0].joint, video.id)
    modality, heads = MODALITIES[side], find_heads(library.folder)
    if part.media is None:
        check_file(part.path, part.value)
    try:
        if part.kind == "image":
            check_shows(part, encoders)
        made = analyse_part(part, encoders, (modality,))
    except MediaError as error:
        raise QueryError(f"cannot read {part.name}: {error}") from error
    if find_mood_space(encoders.get(modality).spaces, modality, heads) is None:
        raise QueryError(f"nothing predicts moods of {modality} in the profile {encoders.name}")
    track = measure_mood(made, modality, heads)
    if track is None:
        raise QueryError(f"{part.name} holds no {modality} to search by")
    return AskedMood(side, track.mood, track.joint)


def find_fits(
    library: Library, asked: AskedMood, options: SearchOptions, filter: Filter = Filter()
) -> list[Result]:
    """The videos whose other side fits a mood best, each with its moment and why.

    The similarity is that of the joint space. A result is weak where chance finds as much, or where
    one of the moods is hardly known.

    Raises:
        QueryError: no mood is known of the library, as of one from before moods.
        MvsearchError: the library is empty.
    """
    with library.holding():
        table = read_table(library, OTHER[asked.side], len(asked.joint))
        passing = library.catalog.passing(filter) if filter else set(table.video_ids)
        chosen = [
            at for at, one in enumerate(table.video_ids) if one in passing and one != asked.video_id
        ]
        similarities = _compare(asked, table.joint[chosen])
        measured = (
            {(modality := MODALITIES[OTHER[asked.side]]): similarities},
            {modality: _find_chance(library, asked, table).compute_surprisal(similarities)},
        )
        moods = {table.video_ids[at]: table.moods[at] for at in chosen}
        ranker = _make_ranker(library, options, modality)
        results = ranker.rank(list(moods), measured, lambda video: _locate(library, video, asked))
        return [_explain(one, asked, Mood(*moods[one.video.id].tolist())) for one in results]


def read_table(library: Library, side: Side, n_numbers: int) -> MoodTable:
    """The moods of one side of all videos, with their places in a joint space.

    Raises:
        QueryError: there are none, or they are of another joint space.
        MvsearchError: the library is empty.
    """
    own = find_heads(library.folder).own
    # Heads of a run that was begun to be used, or dropped, and killed: the next run measures.
    table = library.catalog.mood_table(side, head=own[side][0].revision if own else None)
    if not table.video_ids:
        list_videos(library)
        raise QueryError(f"no mood is known of any {side} of this library: index its folders again")
    if table.joint.shape[1] != n_numbers:
        raise QueryError(
            "the moods of this library are of another version: index its folders again"
        )
    return table


def _compare(asked: AskedMood, places: Matrix) -> FloatArray:
    """The similarities (n,) of a mood with n places of the other side."""
    own = asked.joint[None]
    pair = (own, places) if asked.side == "picture" else (places, own)
    return compare(*pair).reshape(-1).astype(np.float64)


def _find_chance(library: Library, asked: AskedMood, table: MoodTable) -> Chance:
    """How similar unrelated moods are; by heads of a run, as the pairs of the library tell it."""
    if not find_heads(library.folder).name:
        return MOODS
    asking = library.catalog.mood_table(asked.side).joint[:MAX_PROBES]
    pairs = [_compare(replace(asked, joint=one), table.joint) for one in asking]
    return fit_chance(np.concatenate([*pairs, np.zeros(0)]), MOODS, PRIOR_PAIRS)


def _make_ranker(library: Library, options: SearchOptions, modality: Modality) -> Ranker:
    indexes = open_copy_indexes(library) if options.has_collapse else {}
    return make_ranker(library, options, {modality: 1.0}, WeakMarks(0, {}), indexes)


def _explain(result: Result, asked: AskedMood, mood: Mood) -> Result:
    """A result with both moods, marked as weak where they say little."""
    (part,) = result.contributions.values()
    is_weak = is_weak_fit(part.calibrated, asked.mood.confidence, mood.confidence)
    fit = MoodFit(asked.mood, mood, part.similarity)
    return replace(result, mood=fit, is_weak=is_weak)


def _locate(library: Library, video: Video, asked: AskedMood) -> tuple[Moment, ...]:
    """The time of a video at which its mood is nearest to another; none where it is not known."""
    side = OTHER[asked.side]
    tracks = [track for track in library.catalog.mood_tracks(video.id) if track.side == side]
    if not tracks or not len(tracks[0].curve):
        return ()
    curve = tracks[0].curve
    target = np.array([asked.mood.valence, asked.mood.arousal])
    distances = np.linalg.norm(curve.points[:, :2] - target, axis=1)
    start, end = find_stretch(curve.seconds, distances, video.duration_seconds)
    nearest = Mood(*curve.points[int(distances.argmin())].tolist())
    similarity = 1 - nearest.distance(asked.mood)
    return (Moment(video.id, MODALITIES[side], start, end, similarity),)


def find_stretch(
    seconds: Floats, distances: Floats, duration_seconds: float
) -> tuple[float, float]:
    """The start and end of the stretch around the nearest time that is nearly as near."""
    at = int(distances.argmin())
    is_near = distances <= distances[at] + MOMENT_REACH
    first = last = at
    while first > 0 and is_near[first - 1]:
        first -= 1
    while last + 1 < len(seconds) and is_near[last + 1]:
        last += 1
    # The nearest time is in it, also where all of a long song is nearly as near.
    half = MAX_MOMENT_SECONDS / 2
    start = max(float(seconds[first]), float(seconds[at]) - half)
    end = float(seconds[last + 1]) if last + 1 < len(seconds) else duration_seconds
    return start, max(start, min(end, start + MAX_MOMENT_SECONDS))
