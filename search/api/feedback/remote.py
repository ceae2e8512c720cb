"""Sessions of a library on a server."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mvsearch.search.api.remote.contents import RemoteContents
from mvsearch.search.api.remote.requests.asking import name_video, write_address, writing_query
from mvsearch.search.api.remote.requests.records import read, read_results, take
from mvsearch.search.results import SearchResults
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Video
from mvsearch.store.unicode import replace_surrogates

if TYPE_CHECKING:
    from mvsearch.search.feedback.judging import Judged
    from mvsearch.search.feedback.records import FeedbackSession
    from mvsearch.search.query.encode import Made


class RemoteFeedbackSessions(RemoteContents):
    """The sessions of a library on a server; see `FeedbackSessions`."""

    _max_bytes: int

    def keep_session(
        self, name: str | None, results: SearchResults, *, replace: bool = False
    ) -> "FeedbackSession":
        """Keep a search; see `FeedbackSessions.keep_session`. The server searches again."""
        if results.query.is_contrast:
            raise QueryError("a contrast can only be kept where the library is")
        options = results.options
        given: dict[str, Any] = {
            **options.to_dict(),
            "top": options.top,
            "n_moments": options.n_moments,
            "collapse": options.has_collapse,
            "per_artist": options.per_artist,
            "name": None if name is None else replace_surrogates(name),
            "shown": [result.video.id for result in results],
            "replace": replace,
        }
        with (
            self._server.calls.using(),
            writing_query(self._server, results.query, self._max_bytes, None) as written,
        ):
            return _read_session(self._server.send("POST", "sessions", {**written, **given}))

    def refine(
        self,
        session: str,
        *,
        like: "Judged" = (),
        dislike: "Judged" = (),
        forget: str | Video | Sequence[str | Video] = (),
        undo: bool = False,
        new: bool = False,
        top: int | None = None,
        memory: "Made | None" = None,
    ) -> SearchResults:
        """Search again by what is liked and disliked; see `FeedbackSessions.refine`."""
        names = [forget] if isinstance(forget, str | Video) else forget
        given = {
            "name": replace_surrogates(session),
            "like": _write(like),
            "dislike": _write(dislike),
            "forget": [name_video(name) for name in names],
            "undo": undo,
            "new": new,
            "top": top,
        }
        answer = self._server.send("POST", "sessions/refine", given)
        kept = _read_session(take(answer, "session"))
        results = tuple(read_results(take(answer, "results")))
        notes = tuple(read(list[str], take(answer, "notes")))
        return SearchResults(kept.query, kept.options, results, notes, kept)

    def sessions(self) -> "list[FeedbackSession]":
        """The sessions, the latest first."""
        found = read(list[Any], self._server.get("sessions"))
        return [_read_session(one) for one in found]

    def rename_session(
        self, session: str, name: str, *, replace: bool = False
    ) -> "FeedbackSession":
        """Give a session a name; see `FeedbackSessions.rename_session`."""
        names = {"name": replace_surrogates(session), "to": replace_surrogates(name)}
        given = {**names, "replace": replace}
        return _read_session(self._server.send("POST", "sessions/rename", given))

    def delete_session(self, session: str) -> None:
        """Delete a session; no video is touched."""
        self._server.send(
            "DELETE", write_address("sessions", {"name": replace_surrogates(session)})
        )


def _read_session(given: Any) -> "FeedbackSession":
    from mvsearch.search.feedback.records import FeedbackSession

    return read(FeedbackSession, given)


def _write(judged: "Judged") -> list[Any]:
    """Judgements as JSON."""
    from mvsearch.search.feedback.records import Judgement

    if isinstance(judged, Judgement):
        return [{name: one for name, one in judged.to_dict().items() if name != "is_liked"}]
    if isinstance(judged, int):
        return [judged]
    if isinstance(judged, str):
        return [replace_surrogates(judged)]
    if isinstance(judged, Mapping) or not isinstance(judged, Sequence):
        raise QueryError("what is liked are numbers of results, or texts such as 2:sound")
    return [written for one in judged for written in _write(one)]
