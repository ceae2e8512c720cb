"""The page of the encoders of a library: which is in use, and what is beside it."""

from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from mvsearch.search.web.jobs.board import find_running
from mvsearch.search.web.served import ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.search.api.models import ModelStatus
    from mvsearch.store.records import EncoderState

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_KINDS = ("add-encoder", "switch-encoder", "rollback-encoder")


@router.get("/encoders")
def show_encoders(served: ServedLibrary) -> HTMLResponse:
    """The encoders in use and those beside them, and what can be done with each."""
    states: list[EncoderState] = []
    problem = ""
    try:
        states = served.library.encoders()
    except MvsearchError as error:
        problem = str(error)
    running = next(filter(None, (find_running(served.jobs, kind) for kind in _KINDS)), "")
    page = render(
        "curate/encoders.html",
        title="Encoders",
        states=states,
        problem=problem,
        names=_list_addable(states),
        running=running,
        is_read_only=served.options.is_read_only,
    )
    return HTMLResponse(page)


def _list_addable(states: "list[EncoderState]") -> list[str]:
    """The encoders that can be added: those whose weights are here."""
    from mvsearch.search.api.models import list_models

    known = {one.name for one in states}
    with suppress(MvsearchError):
        return [
            one.name
            for one in list_models()
            if one.is_present and not one.problem and one.name not in known and _is_encoder(one)
        ]
    return []


def _is_encoder(model: "ModelStatus") -> bool:
    """Whether a profile or a plug-in has it for an encoder."""
    return not model.name.startswith("whisper-") and bool(model.profiles or model.card is None)
