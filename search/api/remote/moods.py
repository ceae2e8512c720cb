"""Predicts moods of pictures, sound and clips on a server."""

from typing import TYPE_CHECKING

from mvsearch.search.api.remote.requests.asking import writing_query
from mvsearch.search.api.remote.requests.records import read
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.search.query.guess import guess_part
from mvsearch.search.query.query import Query
from mvsearch.store.records import VideoMood

if TYPE_CHECKING:
    from mvsearch.search.query.make_query import Asked


class RemoteMoods:
    """The moods that a library on a server predicts; see `Moods`."""

    _server: Server
    _max_bytes: int

    def predict_mood(self, media: "Query | Asked") -> VideoMood:
        """Predict the mood of media, which are uploaded; see `Moods.predict_mood`."""
        query = Query((guess_part(media),))
        with (
            self._server.calls.using(),
            writing_query(self._server, query, self._max_bytes, None) as written,
        ):
            asked = {"upload": written["uploads"][0]}
            return read(VideoMood, self._server.send("POST", "mood", asked))
