"""What the endpoints share: the library, the uploads, the jobs and the numbers."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from mvsearch import Filter, Video, VideoLibrary
from mvsearch.search.api.methods.pictures import PictureFolders
from mvsearch.search.api.serving import find_servers
from mvsearch.search.layout import LayoutBy, Region
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query
from mvsearch.search.results import Pair, SearchResults
from mvsearch.search.web.access.tokens import TokenCheck
from mvsearch.search.web.conversions import Conversions
from mvsearch.search.web.jobs import works
from mvsearch.search.web.jobs.board import AnyJob, JobBoard
from mvsearch.search.web.jobs.jobs import Jobs
from mvsearch.search.web.jobs.shared_jobs import BoardOfServers
from mvsearch.search.web.monitoring.health import Readiness
from mvsearch.search.web.monitoring.levels import read_levels
from mvsearch.search.web.monitoring.metrics import Metrics
from mvsearch.search.web.options import WebOptions
from mvsearch.search.web.queries.making import make_asked_query
from mvsearch.search.web.queries.shared_uploads import UploadsOfServers
from mvsearch.search.web.requests import FilterFields, QueryFields, SearchRequest
from mvsearch.search.web.scratch import ScratchFolder
from mvsearch.search.web.uploads import Uploads
from mvsearch.store.errors import NoLibraryError
from mvsearch.store.observing.observers import tell, timing

if TYPE_CHECKING:
    from mvsearch.search.api.methods.media import PlayableMedia


T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """One open library and what belongs to serving it.

    Attributes:
        stopping: is set when the server is told to end, before it has ended.
        found: what jobs have found last, as pages show it, by kind and topic of the job.
    """

    library: VideoLibrary
    options: WebOptions
    tokens: TokenCheck
    pictures: PictureFolders
    stopping: threading.Event = field(default_factory=threading.Event)
    uploads: Uploads = field(init=False)
    jobs: JobBoard = field(init=False)
    scratch: ScratchFolder = field(default_factory=ScratchFolder)
    conversions: Conversions = field(init=False)
    readiness: Readiness = field(init=False)
    metrics: Metrics = field(init=False)
    found: dict[tuple[str, str], tuple[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Convert files in the temporary folder, and do the work of jobs.

        What the next request needs is shared where several servers may answer it.
        """
        object.__setattr__(self, "conversions", Conversions(self.scratch.path))
        object.__setattr__(self, "metrics", Metrics(partial(read_levels, self)))
        object.__setattr__(self, "readiness", Readiness(self.library, self.stopping))
        servers, do = find_servers(self.library), partial(works.do, self)
        jobs = Jobs(do) if servers is None else BoardOfServers(servers, do, self.stopping)
        uploads = Uploads() if servers is None else UploadsOfServers(servers.uploads)
        object.__setattr__(self, "uploads", uploads)
        object.__setattr__(self, "jobs", jobs)

    def search(self, asked: SearchRequest) -> SearchResults:
        """Search; parts that were encoded before are not encoded again.

        Raises:
            MvsearchError: see `VideoLibrary.search`.
        """
        query = make_asked_query(asked, self.uploads, self.to_filter(asked.filter))
        with self.uploads.remembering() as memory, timing("query", kind=name_kind(query)) as told:
            found = self.library.search(query, memory=memory, **asked.to_arguments())
        tell("results", len(found.results), **told)
        return found

    def fit(self, asked: SearchRequest, goal: Literal["music", "picture"]) -> SearchResults:
        """Find the music that fits a picture, or the pictures that fit a sound.

        Raises:
            MvsearchError: see `VideoLibrary.music_for`.
        """
        query = make_asked_query(asked, self.uploads, self.to_filter(asked.filter))
        find = self.library.music_for if goal == "music" else self.library.pictures_for
        arguments: dict[str, Any] = asked.to_arguments() | {"weights": None, "fusion": None}
        with self.uploads.remembering() as memory, timing("query", kind=f"{goal}-for") as told:
            found = find(query, memory=memory, **arguments)
        tell("results", len(found.results), **told)
        return found.to_search_results(query, SearchOptions(top=asked.top))

    def explain(self, video_id: str, asked: QueryFields, n_pairs: int) -> tuple[Pair, ...]:
        """Pair the pieces of a query with those of a video.

        Raises:
            MvsearchError: see `VideoLibrary.explain`.
        """
        query = make_asked_query(asked, self.uploads, Filter())
        with self.uploads.remembering() as memory:
            return self.library.explain(video_id, query, n_pairs=n_pairs, memory=memory)

    def to_filter(self, asked: FilterFields) -> Filter:
        """The filter of a request; a part of the map stands for the videos that lie in it now.

        Raises:
            QueryError: no video can meet it.
        """
        filter = asked.to_filter()
        if asked.region is None:
            return filter
        by, _, corners = asked.region.partition(":")
        places = [tuple(map(float, one.split(","))) for one in corners.split(";")]
        region = Region(cast(LayoutBy, by), cast(Any, tuple(places)))
        return replace(filter, ids=self.library.inside(region))

    def find_found(self, kind: str, topic: str, read: Callable[[AnyJob], T]) -> T | None:
        """What the last job of a kind and topic has found; None where none has.

        Of each job it is read once, by `read`.
        """
        job = self.jobs.find_last(kind, topic, "done")
        if job is None:
            return None
        known = self.found.get((kind, topic))
        if known is None or known[0] != job.id:
            known = self.found[kind, topic] = (job.id, read(job))
        return cast(T, known[1])

    def find_profile(self) -> str | None:
        """The profile of the library; None before the first index run."""
        try:
            return self.library.profile
        except NoLibraryError:
            return None

    def list_videos(self) -> list[Video]:
        """The videos; none before the first index run."""
        try:
            return self.library.videos()
        except NoLibraryError:
            return []

    def open_media(self, video_id: str) -> "PlayableMedia":
        """How a browser gets a video; see `VideoLibrary.open_media`."""
        return self.conversions.fit(self.library.open_media(video_id))

    def list_roots(self, folders: Sequence[str] | None = None) -> list[Path]:
        """The folders that may be indexed: those given, and those of the library.

        Args:
            folders: of the library; None to read them.
        """
        if folders is None:
            with suppress(NoLibraryError):
                folders = self.library.status()["folders"]
        return [*self.options.roots, *map(Path, folders or ())]

    def close(self) -> None:
        """End jobs and remove temporary files; the library is left to its opener."""
        self.stopping.set()
        self.jobs.close()
        self.scratch.close()


def name_kind(query: Query) -> str:
    """The kind of a query, for numbers: that of its parts, or "several"."""
    kinds = {part.kind for part in query.parts}
    return kinds.pop() if len(kinds) == 1 else "several"


def find_served(request: Request) -> Served:
    """What the application of a request serves."""
    served: Served = request.app.state.served
    return served


def check_writable(request: Request) -> None:
    """Refuse a change of a server that only reads."""
    if find_served(request).options.is_read_only:
        raise HTTPException(403, "this server only reads (--read-only)")


ServedLibrary = Annotated[Served, Depends(find_served)]
