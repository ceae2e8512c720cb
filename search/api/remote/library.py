"""A library of music videos that a server holds: the methods of `VideoLibrary`."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from mvsearch.search.api.arguments import SearchArguments, settle_arguments
from mvsearch.search.api.feedback.remote import RemoteFeedbackSessions
from mvsearch.search.api.lyrics.remote import RemoteLyricFits
from mvsearch.search.api.remote.encoders import RemoteEncoders
from mvsearch.search.api.remote.fitting import RemoteFitting
from mvsearch.search.api.remote.maps import RemoteMaps
from mvsearch.search.api.remote.moods import RemoteMoods
from mvsearch.search.api.remote.playlists import RemotePlaylists
from mvsearch.search.api.remote.reports import RemoteReports
from mvsearch.search.api.remote.requests.address import parse_address
from mvsearch.search.api.remote.requests.asking import (
    list_order,
    make_options,
    write_parameters,
    writing_query,
)
from mvsearch.search.api.remote.requests.records import (
    read,
    read_answers,
    read_pair,
    read_results,
    take,
)
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.search.api.remote.reviews import RemoteReviews
from mvsearch.search.query.make_query import Many, Sided, Words, make_query
from mvsearch.search.query.query import Query
from mvsearch.search.results import Pair, Result, SearchResults
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import NoLibraryError
from mvsearch.store.records import Video

if TYPE_CHECKING:
    import httpx2

    from mvsearch.search.query.encode import Made
    from mvsearch.search.temporal.expression import Expression

DEFAULT_TIMEOUT_SECONDS = 120.0


def connect(
    url: str, token: str | None = None, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> "RemoteLibrary":
    """Connect to a library that `mvsearch serve` serves.

    Args:
        url: the address, such as "http://host:8765"; as `serve` prints it, it holds the token. Name
            and password in it are for a proxy before the server.
        token: that the server asks for.
        timeout_seconds: maximum time of a request with its answer.

    Raises:
        ServerError: the server cannot be reached, refuses the token, or is none of mvsearch.
    """
    return RemoteLibrary(url, token, timeout_seconds=timeout_seconds)


class RemoteLibrary(
    RemoteReports,
    RemotePlaylists,
    RemoteFeedbackSessions,
    RemoteMaps,
    RemoteReviews,
    RemoteFitting,
    RemoteMoods,
    RemoteLyricFits,
    RemoteEncoders,
):
    """A library on another machine; any number of threads may use it at once.

    Media of queries are uploaded; the paths of videos are those of the server. `close`, or the end
    of `with`, waits for running calls.

    Args:
        url, token, timeout_seconds: see `connect`.
        transport: for tests; None for the network.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        transport: "httpx2.BaseTransport | None" = None,
    ) -> None:
        self._server = Server(parse_address(url, token), timeout_seconds, transport)
        try:
            self._max_bytes = read(int, take(self._describe(), "max_request_bytes"))
        except BaseException:
            self._server.close()
            raise

    @property
    def folder(self) -> Path:
        """The folder of the library, on its machine."""
        return read(Path, take(self._describe(), "folder"))

    @property
    def address(self) -> str:
        """The address of the library, on its machine."""
        return read(str, take(self._describe(), "folder"))

    @property
    def profile(self) -> str:
        """The name of the profile."""
        name = read(str | None, take(self._describe(), "profile"))  # type: ignore[arg-type]
        if name is None:
            raise NoLibraryError(f"the server at {self._server.address} has no library yet")
        return str(name)

    def search(
        self,
        query: "Query | Expression | str | None" = None,
        *,
        text: Words = None,
        lyric: Words = None,
        ocr: Words = None,
        image: Many = None,
        clip: Many = None,
        audio: Many = None,
        like: Many = None,
        look_of: Sided = None,
        sound_of: Sided = None,
        lyrics_of: Sided = None,
        not_text: Words = None,
        unlike: Sided = None,
        tag: Words = None,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> SearchResults:
        """Find the videos that match a query best; see `VideoLibrary.search`.

        Pictures, clips and sounds are uploaded; their paths are of this machine. Clips and sounds
        are read for two minutes. With `memory`, the server keeps media in memory for an hour.
        """
        asked = make_query(
            query, text=text, lyric=lyric, ocr=ocr, image=image, clip=clip, audio=audio, like=like,
            look_of=look_of, sound_of=sound_of, lyrics_of=lyrics_of, not_text=not_text,
            unlike=unlike, tag=tag, filter=filter,
        )  # fmt: skip
        options, given = make_options(**settle_arguments(asked, arguments))
        with (
            self._server.calls.using(),
            writing_query(self._server, asked, self._max_bytes, memory) as written,
        ):
            answer = self._server.send("POST", "search", {**written, **given})
        chosen: Any = take(take(answer, "query"), "fusion")
        notes = read(list[str], take(answer, "notes"))
        results = read_answers(take(answer, "results"), asked, list_order(asked))
        return SearchResults(asked, replace(options, fusion=chosen), tuple(results), tuple(notes))

    def search_many(
        self,
        queries: "Iterable[Query | Expression | str]",
        *,
        filter: Filter = Filter(),
        **arguments: Unpack[SearchArguments],
    ) -> list[SearchResults]:
        """Run several queries like `search`; the first error ends the call."""
        return [self.search(query, filter=filter, **arguments) for query in queries]

    def similar(
        self,
        video: str | Video,
        *,
        filter: Filter = Filter(),
        **arguments: Unpack[SearchArguments],
    ) -> list[Result]:
        """Find the videos most similar to one; see `VideoLibrary.similar`."""
        _, given = make_options(**arguments)
        weights = given.pop("weights") or {}
        parameters = write_parameters({**self._select(filter), **given, **weights})
        found = self._server.get(f"{self._place(video)}/similar", parameters)
        return read_results(take(found, "similar"))

    def explain(
        self,
        video: str | Video,
        query: "Query | str",
        *,
        n_pairs: int = 4,
        memory: "Made | None" = None,
    ) -> "tuple[Pair, ...]":
        """Tell why a video answers a query: pieces of both, in pairs; see `Reports.explain`."""
        asked = make_query(query)
        with (
            self._server.calls.using(),
            writing_query(self._server, asked, self._max_bytes, memory) as written,
        ):
            given = {**written, "n_pairs": n_pairs}
            del given["filter"]
            answer = self._server.send("POST", f"{self._place(video)}/explain", given)
        order = list_order(asked)
        pairs = [read_pair(one, order) for one in read(list[Any], take(answer, "pairs"))]
        return tuple(sorted(pairs, key=lambda pair: pair.part))

    def close(self) -> None:
        """Refuse further calls, interrupt long ones, wait for the rest, and disconnect."""
        self._server.close()

    def __enter__(self) -> Self:
        """The library itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
