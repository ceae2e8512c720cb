"""The endpoints of the encoders of a library: which there are, adding, switching, dropping."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from mvsearch.search.web.requests import Strict
from mvsearch.search.web.served import ServedLibrary, check_writable

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
    return served.jobs.start("add-encoder", asked.model_dump()).to_dict()


@router.post("/jobs/switch-encoder", status_code=202, dependencies=[Depends(check_writable)])
def switch_encoder(served: ServedLibrary, asked: EncoderRequest) -> dict[str, Any]:
    """Encode what an encoder lacks, then use it in one step; the old one answers until then."""
    return served.jobs.start("switch-encoder", asked.model_dump()).to_dict()


@router.post("/jobs/rollback-encoder", status_code=202, dependencies=[Depends(check_writable)])
def rollback_encoder(served: ServedLibrary, asked: RollbackRequest) -> dict[str, Any]:
    """Use the encoder again that was in use before the last switch."""
    return served.jobs.start("rollback-encoder", asked.model_dump()).to_dict()


@router.delete("/encoders/{name}", dependencies=[Depends(check_writable)])
def drop_encoder(served: ServedLibrary, name: str) -> list[dict[str, Any]]:
    """Delete what an encoder that is not in use has made; a run is kept."""
    return [one.to_dict() for one in served.library.drop_encoder(name)]
