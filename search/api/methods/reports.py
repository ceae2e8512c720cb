"""Reports on all videos of a library: similar songs, versions, evaluation."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from mvsearch.indexer.progress import count_steps
from mvsearch.search.api.arguments import SearchArguments, make_search_options
from mvsearch.search.api.methods.contents import Contents
from mvsearch.search.api.watching import AnyProgress
from mvsearch.search.results import SearchResults
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.opening import AnyPath, expand_home
from mvsearch.store.records import Video

if TYPE_CHECKING:
    from mvsearch.search.evaluation.evaluation import Evaluation
    from mvsearch.search.evaluation.queries.sample import SampleOptions
    from mvsearch.search.output.report import ReportOptions
    from mvsearch.search.output.tables.versions import VersionsReport
    from mvsearch.search.query.encode import Made
    from mvsearch.search.query.query import Query
    from mvsearch.search.results import Pair
    from mvsearch.search.upkeep.findings import Diagnosis
    from mvsearch.search.versions.find import Versions
    from mvsearch.search.versions.relations import Relation

__all__ = ["Relation", "Reports", "read_relations"]


class Reports(Contents):
    """The reports on an open library."""

    def versions(
        self,
        *,
        filter: Filter = Filter(),
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
    ) -> "Versions":
        """Find copies, excerpts, dubs, lyric videos and covers among the videos.

        Args:
            filter: selects the videos to compare.
            progress: see `VideoLibrary.index`.
            cancel: when set, ends the work, as `close` does.

        Raises:
            CancelledError: it was cancelled.
            MvsearchError: the library is empty.
        """
        from mvsearch.search.versions.find import find_versions

        with self._session.using() as library, self._session.watching(progress, cancel) as watched:
            return find_versions(library, progress=count_steps(watched, "compare"), filter=filter)

    def diagnose(self) -> "Diagnosis":
        """Look for what is wrong with the machine and the library; see `mvsearch.diagnose`."""
        from mvsearch.search.api.upkeep.doctor import diagnose

        return diagnose(self._session.source)

    def explain(
        self,
        video: str | Video,
        query: "Query | str",
        *,
        n_pairs: int = 4,
        memory: "Made | None" = None,
    ) -> "tuple[Pair, ...]":
        """Tell why a video answers a query: pieces of both beside each other, the best pairs first.

        Frames are paired with frames or words, lines with lines, sound with sound.

        Args:
            video: see `find`.
            query: of `make_query`, or words; `make_query(like=other)` compares two videos.
            n_pairs: maximum number for each part and modality.
            memory: see `search`.

        Raises:
            QueryError: the query is invalid, cannot be read, or the library cannot answer it.
            MvsearchError: there is no such video.
        """
        from mvsearch.search.pairs import find_pairs
        from mvsearch.search.query.make_query import make_query

        with self._session.using() as library:
            engine = self._session.engine(library)
            asked, chosen = make_query(query), self.find(video)
            return find_pairs(library, engine.encoders, asked, chosen, n_pairs, memory)

    def report_similar(
        self,
        report: "ReportOptions",
        video: str | Video | None = None,
        *,
        filter: Filter = Filter(),
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
        **arguments: Unpack[SearchArguments],
    ) -> str:
        """Write a report of the songs most similar to one, or to each one.

        Args:
            report: the format.
            video: see `find`; None for all selected videos.
            filter: selects the videos to compare.
            progress: see `VideoLibrary.index`.
            cancel: when set, ends the work, as `close` does.
            **arguments: see `SearchArguments`.

        Raises:
            CancelledError: it was cancelled.
            MvsearchError: the library is empty, or there is no such video.
        """
        from mvsearch.search.output.report import write_report

        with self._session.using() as library, self._session.watching(progress, cancel) as watched:
            engine = self._session.engine(library)
            options = make_search_options(engine.encoders, **arguments)
            chosen = None if video is None else self.find(video)
            return write_report(engine, chosen, options, report, watched, filter)

    def report_search(self, found: SearchResults) -> str:
        """Write the results of a search of this library as a page with pictures (HTML)."""
        from mvsearch.search.output.html.results import render_results
        from mvsearch.search.output.html.stills import LibraryStills

        with self._session.using() as library:
            return render_results(found, LibraryStills(library))

    def report_versions(
        self,
        report: "VersionsReport",
        *,
        filter: Filter = Filter(),
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
    ) -> str:
        """Write a report of the versions among the videos.

        Args:
            report: the format.
            filter: selects the videos to compare.
            progress: see `VideoLibrary.index`.
            cancel: when set, ends the work, as `close` does.

        Raises:
            CancelledError: it was cancelled.
            MvsearchError: the library is empty.
        """
        from mvsearch.search.output.tables.versions import write_versions

        with self._session.using() as library, self._session.watching(progress, cancel) as watched:
            return write_versions(library, report, watched, filter)

    def evaluate(
        self,
        sample: "SampleOptions | None" = None,
        *,
        profiles: Sequence[str] = (),
        groups: Sequence[AnyPath] = (),
        labels: Sequence[AnyPath] = (),
        workers: int | None = None,
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
    ) -> "list[Evaluation]":
        """Measure retrieval quality with distorted queries that are cut from the library.

        Args:
            sample: the queries; None for the default.
            profiles: to compare; the videos are indexed under each. Also encoders that the library
                was indexed by, see `add_encoder`. Empty for the profile of the library.
            groups: CSV files with columns path and group, of videos that count as right answers for
                each other.
            labels: CSV files with columns file, valence and arousal, from 0 to 1, and kind, of
                pictures beside them ("image"), which are asked for sound of their quadrant, and of
                videos of the library.
            workers: clips in parallel; None for one per core.
            progress: see `VideoLibrary.index`.
            cancel: when set, ends the work, as `close` does.

        Returns:
            One evaluation per profile.

        Raises:
            CancelledError: it was cancelled.
            MvsearchError: the library is empty, or a profile lacks weights.
        """
        from mvsearch.search.api.methods.evaluating import evaluate

        return evaluate(
            self._session,
            sample,
            profiles,
            [expand_home(file) for file in groups],
            [expand_home(file) for file in labels],
            workers,
            progress,
            cancel,
        )


def read_relations(found: Mapping[str, Any] | None) -> "tuple[Relation, ...]":
    """The relations in the JSON of `Versions`; none for nothing."""
    from mvsearch.search.api.remote.requests.records import read, take
    from mvsearch.search.versions.relations import Relation

    return () if found is None else read(tuple[Relation, ...], take(found, "relations"))
