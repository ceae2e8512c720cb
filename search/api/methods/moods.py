"""Predicts moods of pictures, sound and clips, with or without a library."""

from functools import lru_cache
from typing import TYPE_CHECKING

from mvsearch.search.api.session import Session
from mvsearch.search.query.guess import guess_part
from mvsearch.search.query.make_query import Asked
from mvsearch.search.query.query import Query
from mvsearch.store.records import VideoMood

if TYPE_CHECKING:
    from mvsearch.indexer.encoders import Encoders


def predict_mood(media: "Query | Asked", *, profile: str = "embedded") -> VideoMood:
    """Predict valence and arousal of a picture, sound or clip, without a library.

    Both run from 0 to 1 (Russell 1980): valence from unpleasant to pleasant, arousal from quiet to
    excited. The networks of the last profile stay in memory.

    Args:
        media: a path, the bytes of a file, a Pillow image, (height, width, 3) uint8 RGB, `Frames`,
            `Samples`, or a `Clip` of these.
        profile: whose encoders are used.

    Returns:
        The mood of the picture and of the sound, each with a confidence, and of both as a whole.

    Raises:
        QueryError: it is no such media, has nothing to see or hear, or nothing predicts moods by
            the encoders of the profile.
        MediaError: it cannot be decoded.
    """
    from mvsearch.search.query.mood import predict_part

    return predict_part(guess_part(media), _load_encoders(profile))


@lru_cache(maxsize=1)
def _load_encoders(profile: str) -> "Encoders":
    from mvsearch.indexer.encoders import Encoders

    return Encoders(profile)


class Moods:
    """The moods that an open library predicts."""

    _session: Session

    def predict_mood(self, media: "Query | Asked") -> VideoMood:
        """Predict the mood of a picture, sound or clip with the encoders of the library.

        Args:
            media: see `mvsearch.predict_mood`; or a query of one.
        """
        from mvsearch.indexer.mood.used import find_heads
        from mvsearch.search.query.mood import predict_part

        part = guess_part(media)
        with self._session.using() as library:
            encoders = self._session.engine(library).encoders
            return predict_part(part, encoders, find_heads(library.files))
