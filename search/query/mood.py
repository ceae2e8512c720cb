"""Predicts the mood of a picture, clip or sound, with the encoders of a profile."""

from collections.abc import Sequence

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.images import is_uniform_image
from mvsearch.indexer.mood.used import EMBEDDED, Heads
from mvsearch.search.query.analyse import analyse_part
from mvsearch.search.query.query import QueryPart
from mvsearch.store.errors import MediaError, QueryError
from mvsearch.store.records import SIDE_OF, Embeddings, Modality, VideoMood, join_sides

_SEEN: tuple[Modality, ...] = ("frames",)


def predict_part(part: QueryPart, encoders: Encoders, heads: Heads = EMBEDDED) -> VideoMood:
    """The mood of a part of a query that is a picture, clip or sound.

    Raises:
        QueryError: the profile has no head for its encoders, or there is nothing to see or hear.
        MediaError: the file cannot be used.
    """
    from mvsearch.indexer.mood.measure import find_mood_space, measure_mood

    asked = _SEEN if part.kind == "image" else tuple(SIDE_OF)
    there = [
        one
        for one in asked
        if (encoder := encoders.get(one)) is not None
        and find_mood_space(encoder.spaces, one, heads) is not None
    ]
    if not there:
        raise QueryError(f"nothing predicts moods by the encoders of the profile {encoders.name!r}")
    try:
        if part.kind == "image":
            check_shows(part, encoders)
        made: Sequence[Embeddings] = analyse_part(part, encoders, there)
    except MediaError as error:  # one of several files, of which only its name tells which
        raise MediaError(error.code, f"cannot read {part.name}: {error}") from error
    tracks = (measure_mood(made, modality, heads) for modality in there)
    mood = join_sides(track for track in tracks if track is not None)
    if mood.whole is None:
        raise QueryError(f"{part.value!r} has no mood: it is silent, and of one colour or unseen")
    return mood


def check_shows(part: QueryPart, encoders: Encoders) -> None:
    """Refuse a picture of one colour, whose predicted mood would be an invention.

    Raises:
        QueryError: it is of one colour.
        MediaError: it cannot be read.
    """
    with part.opened() as file:
        if is_uniform_image(file, encoders):
            raise QueryError(f"{part.name} is of one colour and has no mood")
