"""The endpoints of the encoders of a library: which there are, adding, switching, dropping."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from mvsearch.search.web.jobs.jobs import Job
from mvsearch.search.web.requests import Strict
from mvsearch.search.web.served import Served, ServedLibrary, check_writable

if TYPE_CHECKING:
    from mvsearch.store.records import EncoderState

router = APIRouter(prefix="/api/v1", tags=["encoders"])


class EncoderRequest(Strict):
    """An encoder; see `mvsearch encoders add` and `switch`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]


class RollbackRequest(Strict):
    """What to go back to; see `mvsearch encoders rollback`."""

    modality: Literal["frames", "lyrics", "audio"] | None = None


@router.get("/encoders")
def list_encoders(served: ServedLibrary) -> list[dict[str, Any]]:
    """The encoders in use, the trained ones, and those that were added."""
    return [one.to_dict() for one in served.library.encoders()]


@router.post("/jobs/add-encoder", status_code=202, dependencies=[Depends(check_writable)])
def add_encoder(served: ServedLibrary, asked: EncoderRequest) -> dict[str, Any]:
    """Index all videos by another encoder as well; the one in use serves on."""
    return _start(
        served,
        "add-encoder",
        lambda job: served.library.add_encoder(asked.name, progress=job, cancel=job.cancel),
    )


@router.post("/jobs/switch-encoder", status_code=202, dependencies=[Depends(check_writable)])
def switch_encoder(served: ServedLibrary, asked: EncoderRequest) -> dict[str, Any]:
    """Encode what an encoder lacks, then use it in one step; the old one answers until then."""
    return _start(
        served,
        "switch-encoder",
        lambda job: served.library.switch_encoder(asked.name, progress=job, cancel=job.cancel),
    )


@router.post("/jobs/rollback-encoder", status_code=202, dependencies=[Depends(check_writable)])
def rollback_encoder(served: ServedLibrary, asked: RollbackRequest) -> dict[str, Any]:
    """Use the encoder again that was in use before the last switch."""
    return _start(
        served,
        "rollback-encoder",
        lambda job: served.library.rollback_encoder(
            asked.modality, progress=job, cancel=job.cancel
        ),
    )


def _start(
    served: Served, kind: str, change: "Callable[[Job], list[EncoderState]]"
) -> dict[str, Any]:
    """Start a job whose result is what there is afterwards."""

    def work(job: Job) -> dict[str, Any]:
        return {"encoders": [one.to_dict() for one in change(job)]}

    return served.jobs.start(kind, work).to_dict()


@router.delete("/encoders/{name}", dependencies=[Depends(check_writable)])
def drop_encoder(served: ServedLibrary, name: str) -> list[dict[str, Any]]:
    """Delete what an encoder that is not in use has made; a run is kept."""
    return [one.to_dict() for one in served.library.drop_encoder(name)]
