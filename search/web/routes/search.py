"""The endpoints that search and that keep uploads for searches."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mvsearch.search.web.requests import MAX_PARTS, ExplainRequest, SearchRequest, Seconds
from mvsearch.search.web.routes.media import STILL_RESPONSES, send_still
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.search.web.uploads import Upload, UploadKind
from mvsearch.store.errors import QueryError

router = APIRouter(prefix="/api/v1", tags=["search"])

UPLOAD_KINDS: tuple[UploadKind, ...] = ("image", "clip", "audio")
_FILE = {"type": "string", "format": "binary"}
_FILES: dict[str, Any] = {kind: {"type": "array", "items": _FILE} for kind in UPLOAD_KINDS}


def _describe_search() -> Any:
    """The JSON schema of a search, with its parts in their places: OpenAPI refers from its top."""
    schema = SearchRequest.model_json_schema()
    parts = schema.pop("$defs")

    def resolve(value: Any) -> Any:
        if isinstance(value, list):
            return [resolve(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return resolve(parts[value["$ref"].rpartition("/")[2]])
        return {name: resolve(one) for name, one in value.items()}

    return resolve(schema)


def _describe_body(**others: Any) -> dict[str, Any]:
    """The description of a multipart body, which is read by hand as it may hold several files."""
    schema = {"type": "object", "properties": {**_FILES, **others}}
    return {"multipart/form-data": {"schema": schema}}


_SEARCH_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _describe_search()},
            **_describe_body(query={"type": "string", "description": "The JSON of a search."}),
        },
    }
}
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes.", "content": {"application/octet-stream": {}}}
}
_UPLOAD_BODY = {"requestBody": {"required": True, "content": _describe_body()}}


@router.post("/search", openapi_extra=_SEARCH_BODY)
async def search(request: Request, served: ServedLibrary) -> dict[str, Any]:
    """Find the videos that answer a query best; the JSON of `mvsearch search --json`.

    The body is JSON, or a form with files `image`, `clip` and `audio` and the JSON as `query`.
    """
    if request.headers.get("content-type", "").partition(";")[0] == "multipart/form-data":
        async with request.form(max_files=MAX_PARTS, max_fields=MAX_PARTS) as form:
            asked = _read_query(str(form.get("query") or "{}"))
            added = await _keep_files(form, served)
        asked = asked.model_copy(update={"uploads": [*asked.uploads, *(one.id for one in added)]})
    else:
        asked = _read_query(await request.body() or b"{}")
    found = await run_in_threadpool(served.search, asked)
    return found.to_dict()


@router.post("/uploads", status_code=201, openapi_extra=_UPLOAD_BODY)
async def upload(request: Request, served: ServedLibrary) -> list[dict[str, object]]:
    """Keep pictures, clips and sounds for an hour, so that searches can name them."""
    async with request.form(max_files=MAX_PARTS, max_fields=MAX_PARTS) as form:
        added = await _keep_files(form, served)
    if not added:
        raise QueryError("no file was sent: give image, clip or audio")
    return [one.to_dict() for one in added]


@router.get("/uploads/{upload_id}/content", response_class=Response, responses=_CONTENT)
def send_upload(served: ServedLibrary, upload_id: str) -> Response:
    """What was uploaded, as bytes that no browser shows as a page."""
    headers = {"Content-Disposition": "attachment"}
    data = served.uploads.get(upload_id).data
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/uploads/{upload_id}/thumbnail", response_class=Response, responses=STILL_RESPONSES)
def show_upload(
    request: Request, served: ServedLibrary, upload_id: str, t: Annotated[Seconds, Query()] = 0.0
) -> Response:
    """A still of an uploaded picture, or of an uploaded clip near a time."""
    stills = served.uploads.find_stills(upload_id)
    if not stills:
        raise HTTPException(404, "there is no picture of this upload")
    nearest = min(stills, key=lambda still: abs(still.seconds - t))
    return send_still(request, nearest)


@router.post("/videos/{video_id}/explain")
def explain(served: ServedLibrary, video_id: str, asked: ExplainRequest) -> dict[str, Any]:
    """Why a video answers a query: the pieces of both that are most similar, in pairs."""
    pairs = served.explain(video_id, asked, asked.n_pairs)
    return {"pairs": [pair.to_dict() for pair in pairs]}


@router.get("/uploads/{upload_id}")
def describe_upload(served: ServedLibrary, upload_id: str) -> dict[str, object]:
    """An upload that is still kept."""
    return served.uploads.get(upload_id).to_dict()


@router.delete("/uploads/{upload_id}")
def drop_upload(served: ServedLibrary, upload_id: str) -> dict[str, object]:
    """Drop an upload before its hour is over."""
    served.uploads.drop(upload_id)
    return {"id": upload_id}


def _read_query(text: str | bytes) -> SearchRequest:
    """The search that JSON describes.

    Raises:
        RequestValidationError: it is no such JSON.
    """
    try:
        return SearchRequest.model_validate_json(text)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False, include_url=False)) from None


async def _keep_files(form: FormData, served: Served) -> list[Upload]:
    """Keep the files of a form.

    Raises:
        HTTPException: a file has an unknown name.
    """
    added: list[Upload] = []
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            continue
        kind = next((known for known in UPLOAD_KINDS if known == name), None)
        if kind is None:
            raise HTTPException(422, "a file is an image, clip or audio")
        keep, data = served.uploads.add, await value.read()
        added.append(await run_in_threadpool(keep, kind, data, value.filename or ""))
    return added
