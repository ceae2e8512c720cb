"""The endpoints of the encoders of frames: which there are, switching, dropping."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from mvsearch.search.web.jobs.jobs import Job
from mvsearch.search.web.requests import Strict
from mvsearch.search.web.served import ServedLibrary, check_writable

router = APIRouter(prefix="/api/v1", tags=["encoders"])


class SwitchRequest(Strict):
    """Another encoder of frames; see `mvsearch encoders switch`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]


@router.get("/encoders")
def list_encoders(served: ServedLibrary) -> list[dict[str, Any]]:
    """The profile's own encoder of frames and the trained ones, and which is in use."""
    return [one.to_dict() for one in served.library.encoders()]


@router.post("/jobs/switch-encoder", status_code=202, dependencies=[Depends(check_writable)])
def switch_encoder(served: ServedLibrary, asked: SwitchRequest) -> dict[str, Any]:
    """Encode what an encoder lacks, then use it in one step; the old one answers until then."""

    def work(job: Job) -> dict[str, Any]:
        states = served.library.switch_encoder(asked.name, progress=job, cancel=job.cancel)
        return {"encoders": [one.to_dict() for one in states]}

    return served.jobs.start("switch-encoder", work).to_dict()


@router.delete("/encoders/{name}", dependencies=[Depends(check_writable)])
def drop_encoder(served: ServedLibrary, name: str) -> list[dict[str, Any]]:
    """Delete the vectors of a trained encoder that is not in use; its run is kept."""
    return [one.to_dict() for one in served.library.drop_encoder(name)]
