"""The endpoint that predicts the mood of uploaded media."""

from typing import Any

from fastapi import APIRouter

from mvsearch import Query
from mvsearch.search.web.requests import Name, Strict
from mvsearch.search.web.served import ServedLibrary

router = APIRouter(prefix="/api/v1", tags=["search"])


class MoodRequest(Strict):
    """What to predict the mood of: the id of an upload, or `ID@START-END` for a part."""

    upload: Name


@router.post("/mood")
def predict_mood(served: ServedLibrary, asked: MoodRequest) -> dict[str, Any]:
    """Valence and arousal of an uploaded picture, clip or sound, from 0 to 1."""
    return served.library.predict_mood(Query((served.uploads.find_part(asked.upload),))).to_dict()
