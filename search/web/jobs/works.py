"""What jobs of each kind do: from the JSON of their request, so that any process can do it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mvsearch.search.api.library import find_source
from mvsearch.search.output.report import ReportOptions
from mvsearch.search.output.tables.versions import VersionsReport
from mvsearch.search.web.jobs.job import Job
from mvsearch.search.web.jobs.job_requests import (
    EvaluateRequest,
    SimilarReportRequest,
    TranscribeRequest,
    VersionsReportRequest,
    VersionsRequest,
)
from mvsearch.search.web.jobs.work_process import evaluate_apart, index_apart

if TYPE_CHECKING:
    from mvsearch.search.web.served import Served

Work = Callable[["Served", Job], dict[str, Any]]


def do(served: "Served", job: Job) -> dict[str, Any]:
    """Do the work of a job.

    Raises:
        MvsearchError: it cannot be done.
    """
    return WORKS[job.kind](served, job)


def _index(served: "Served", job: Job) -> dict[str, Any]:
    places = list(map(Path, job.asked["paths"]))
    library = served.library
    return index_apart(
        find_source(library), served.find_profile(), places, job.asked["arguments"], job
    )


def _transcribe(served: "Served", job: Job) -> dict[str, Any]:
    asked = TranscribeRequest.model_validate(job.asked)
    run = served.library.transcribe
    return run(*asked.videos, progress=job, cancel=job.cancel, **asked.to_arguments()).to_dict()


def _find_versions(served: "Served", job: Job) -> dict[str, Any]:
    asked = VersionsRequest.model_validate(job.asked)
    filter = served.to_filter(asked.filter)
    return served.library.versions(filter=filter, progress=job, cancel=job.cancel).to_dict()


def _report_versions(served: "Served", job: Job) -> dict[str, Any]:
    asked = VersionsReportRequest.model_validate(job.asked)
    report, filter = VersionsReport(asked.form, asked.width), served.to_filter(asked.filter)
    write = served.library.report_versions
    return _keep(job, write(report, filter=filter, progress=job, cancel=job.cancel))


def _report_similar(served: "Served", job: Job) -> dict[str, Any]:
    asked = SimilarReportRequest.model_validate(job.asked)
    report = ReportOptions(asked.form, asked.width, asked.has_links)
    arguments = asked.to_arguments() | {"filter": served.to_filter(asked.filter)}
    write = served.library.report_similar
    return _keep(job, write(report, asked.video, progress=job, cancel=job.cancel, **arguments))


def _evaluate(served: "Served", job: Job) -> dict[str, Any]:
    from dataclasses import asdict

    asked = EvaluateRequest.model_validate(job.asked)
    write = _writing_files
    with write(served, asked.groups) as files, write(served, asked.labels) as labels:
        arguments = {
            "sample": asdict(asked.to_sample()),
            "profiles": list(asked.profiles),
            "groups": list(map(str, files)),
            "labels": list(map(str, labels)),
            "workers": asked.workers,
        }
        library = served.library
        measured = evaluate_apart(find_source(library), library.profile, arguments, job)
    return _keep(job, json.dumps(measured))


def _fit_lyrics(served: "Served", job: Job) -> dict[str, Any]:
    arguments = dict(job.asked)
    video = arguments.pop("video")
    fit = served.library.fit_lyrics
    return fit(video, progress=job, cancel=job.cancel, **arguments).to_dict()


def _add_encoder(served: "Served", job: Job) -> dict[str, Any]:
    change = served.library.add_encoder
    return _list_encoders(change(job.asked["name"], progress=job, cancel=job.cancel))


def _switch_encoder(served: "Served", job: Job) -> dict[str, Any]:
    change = served.library.switch_encoder
    return _list_encoders(change(job.asked["name"], progress=job, cancel=job.cancel))


def _roll_back_encoder(served: "Served", job: Job) -> dict[str, Any]:
    change = served.library.rollback_encoder
    return _list_encoders(change(job.asked["modality"], progress=job, cancel=job.cancel))


WORKS: Mapping[str, Work] = MappingProxyType(
    {
        "index": _index,
        "transcribe": _transcribe,
        "versions": _find_versions,
        "versions-report": _report_versions,
        "similar-report": _report_similar,
        "evaluate": _evaluate,
        "fit-lyrics": _fit_lyrics,
        "add-encoder": _add_encoder,
        "switch-encoder": _switch_encoder,
        "rollback-encoder": _roll_back_encoder,
    }
)


def _keep(job: Job, text: str) -> dict[str, Any]:
    """Keep a report as the text of its job."""
    job.text = text
    return {"letters": len(text)}


def _list_encoders(states: Sequence[Any]) -> dict[str, Any]:
    """What there is after a change."""
    return {"encoders": [one.to_dict() for one in states]}


@contextmanager
def _writing_files(served: "Served", contents: Sequence[str]) -> Iterator[list[Path]]:
    """Temporary files of these contents."""
    with served.scratch.subfolder() as folder:
        files = [folder / f"groups-{at}.csv" for at in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_text(content, encoding="utf-8", errors="surrogateescape")
        yield files
