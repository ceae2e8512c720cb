"""Indexes a library on a server and reports on it: long work that runs there as jobs."""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Unpack

from mvsearch.search.api.arguments import IndexArguments, SearchArguments, TranscribeArguments
from mvsearch.search.api.remote.contents import RemoteContents
from mvsearch.search.api.remote.media import RemoteMediaFiles, RemoteStills
from mvsearch.search.api.remote.requests.asking import (
    make_options,
    name_video,
    read_table,
    write_filter,
)
from mvsearch.search.api.remote.requests.records import read, take
from mvsearch.search.api.remote.work import read_text, run_job
from mvsearch.search.api.watching import AnyProgress
from mvsearch.search.results import SearchResults
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import MvsearchError
from mvsearch.store.opening import AnyPath, expand_home
from mvsearch.store.records import Video
from mvsearch.store.unicode import replace_surrogates

if TYPE_CHECKING:
    from mvsearch.indexer.pipeline.summary import Summary
    from mvsearch.search.evaluation.evaluation import Evaluation
    from mvsearch.search.evaluation.queries.sample import SampleOptions
    from mvsearch.search.output.report import ReportOptions
    from mvsearch.search.output.tables.versions import VersionsReport
    from mvsearch.search.upkeep.findings import Diagnosis
    from mvsearch.search.versions.find import Versions


class RemoteReports(RemoteContents, RemoteMediaFiles):
    """The long calls of a library on a server; see `Reports` and `VideoLibrary`."""

    def index(
        self,
        *paths: AnyPath,
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
        vectors: str | None = None,
        **arguments: Unpack[IndexArguments],
    ) -> "Summary":
        """Index folders and files of the server; see `VideoLibrary.index`.

        The paths are those of the server, which allows some folders only. A Whisper model is named,
        not a file. What searches the vectors is not chosen from here.
        """
        if vectors is not None:
            raise MvsearchError(
                "what searches the vectors is chosen where the library is indexed, not by a server:"
                " mvsearch index FOLDER --library ADDRESS --vectors NAME"
            )
        places = [replace_surrogates(os.fspath(path)) for path in paths]
        given = {**arguments, "paths": places}
        job = run_job(self._server, "index", given, progress, cancel, leaves="result")
        return _read_summary(job.result)

    def transcribe(
        self,
        *videos: str | Video,
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
        **arguments: Unpack[TranscribeArguments],
    ) -> "Summary":
        """Transcribe the lyrics that no other source had; see `VideoLibrary.transcribe`."""
        given = {**arguments, "videos": [name_video(video) for video in videos]}
        job = run_job(self._server, "transcribe", given, progress, cancel, leaves="result")
        return _read_summary(job.result)

    def diagnose(self) -> "Diagnosis":
        """Look for what is wrong with the server's machine and the library."""
        from mvsearch.search.upkeep.findings import Diagnosis, Finding

        told = self._server.get("doctor")
        findings = read(tuple[Finding, ...], take(told, "findings"))
        version = take(told, "version")
        known = None if version is None else read(str, version)
        return Diagnosis(read(str, take(told, "library")), known, findings)

    def versions(
        self,
        *,
        filter: Filter = Filter(),
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
    ) -> "Versions":
        """Find copies, excerpts, dubs, lyric videos and covers; see `Reports.versions`."""
        from mvsearch.search.versions.find import Versions
        from mvsearch.search.versions.groups import Group
        from mvsearch.search.versions.relations import Relation

        given = {"filter": write_filter(filter)}
        with self._server.calls.using():
            found = run_job(self._server, "versions", given, progress, cancel).result
            videos = self.videos(filter)
        return Versions(
            tuple(videos),
            read(tuple[Relation, ...], take(found, "relations")),
            read(tuple[Group, ...], take(found, "groups")),
            read(int, take(found, "compared")),
            read(tuple[str, ...], take(found, "uncalibrated")),
        )

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

        See `Reports.report_similar`; the server writes it.
        """
        _, options = make_options(**arguments)
        asked = {
            "form": report.form,
            "width": report.width,
            "has_links": report.has_links,
            "video": None if video is None else name_video(video),
            "filter": write_filter(filter),
        }
        return self._write("similar-report", {**options, **asked}, progress, cancel)

    def report_search(self, found: SearchResults) -> str:
        """Write the results of a search of this library as a page with pictures (HTML)."""
        from mvsearch.search.output.html.results import render_results

        with self._server.calls.using():
            return render_results(found, RemoteStills(self))

    def report_versions(
        self,
        report: "VersionsReport",
        *,
        filter: Filter = Filter(),
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
    ) -> str:
        """Write a report of the versions; see `Reports.report_versions`. The server writes it."""
        asked = {"form": report.form, "width": report.width, "filter": write_filter(filter)}
        return self._write("versions-report", asked, progress, cancel)

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
        """Measure retrieval quality on the server; see `Reports.evaluate`.

        The files of groups and of labels are of this machine, and name files of the server. Labels
        of pictures are left out.
        """
        from mvsearch.search.evaluation.evaluation import Evaluation
        from mvsearch.search.evaluation.queries.sample import SampleOptions

        asked = {
            **asdict(sample or SampleOptions()),
            "profiles": list(profiles),
            "groups": [read_table(expand_home(file)) for file in groups],
            "labels": [read_table(expand_home(file)) for file in labels],
            "workers": workers,
        }
        return read(list[Evaluation], json.loads(self._write("evaluate", asked, progress, cancel)))

    def _write(
        self,
        kind: str,
        asked: Mapping[str, Any],
        progress: AnyProgress,
        cancel: threading.Event | None,
    ) -> str:
        """A report that the server writes."""
        with self._server.calls.using():
            return read_text(self._server, run_job(self._server, kind, asked, progress, cancel))


def _read_summary(given: Any) -> "Summary":
    """The summary of a run."""
    from mvsearch.indexer.pipeline.summary import Summary

    return read(Summary, {**given, "unfinished": take(given, "unfinished_files")})
