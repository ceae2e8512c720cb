"""Says in words why a song fits a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mvsearch import Result, Video
from mvsearch.search.output.text import format_seconds
from mvsearch.search.picture_music import PictureMusic
from mvsearch.search.web.view_models.cards import describe_chance
from mvsearch.store.records import MODALITIES
from mvsearch.store.unicode import printable

NAMES = {"frames": "It looks similar", "lyrics": "Its lyrics are near", "audio": "It sounds near"}


@dataclass(frozen=True, slots=True)
class Fit:
    """A song that fits a picture, from a moment on.

    Attributes:
        why: sentences.
    """

    video: Video
    at_seconds: float
    why: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The song as the API tells it."""
        why = [printable(one) for one in self.why]
        at_seconds = round(self.at_seconds, 3)
        return {"video": self.video.to_dict(), "at_seconds": at_seconds, "why": why}


def describe_fits(found: PictureMusic) -> list[Fit]:
    """The songs with their moments and reasons."""
    seen = (f"The picture shows: {', '.join(found.words)}",) if found.words else ()
    return [
        Fit(result.video, find_start(result), (*seen, *_explain(result, found.way)))
        for result in found.results
    ]


def find_start(result: Result) -> float:
    """The time of the best moment; the beginning where there is none."""
    moment = result.best_moment
    return 0.0 if moment is None or moment.start_seconds is None else moment.start_seconds


def _explain(result: Result, way: str) -> Iterator[str]:
    if result.is_weak:
        yield "Nothing in the library fits clearly; this is the nearest"
    if result.mood is not None:
        best = result.best_moment
        when = "" if best is None else f", best at {format_seconds(best.start_seconds)}"
        yield f"The mood fits{when}: {result.mood.describe()}"
        return
    if way == "trained":
        yield from _explain_towers(result)
        return
    for modality in MODALITIES:
        part = result.contributions.get(modality)
        if part is None:
            continue
        moment = next((one for one in result.moments if one.modality == modality), None)
        at = ""
        if moment is not None and moment.start_seconds is not None:
            at = f" at {format_seconds(moment.start_seconds)}"
        text = f": “{moment.text}”" if moment is not None and moment.text else ""
        chance = describe_chance(part.calibrated)[1]
        yield f"{NAMES[modality]}{at} ({part.similarity:.2f}; {chance}){text}"


def _explain_towers(result: Result) -> Iterator[str]:
    """Why the trained towers put a video near."""
    for part in result.contributions.values():
        best = result.best_moment
        when = "" if best is None else f", best at {format_seconds(best.start_seconds)}"
        chance = describe_chance(part.calibrated)[1]
        yield f"The trained towers put it near{when} ({part.similarity:.2f}; {chance})"
