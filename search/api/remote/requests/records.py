"""Reads records from the JSON of a server: checked, as a stranger may have written it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from mvsearch.search.query.language.printing import describe_part
from mvsearch.search.results import Pair, Result
from mvsearch.search.temporal.found import FoundPart
from mvsearch.store.errors import ServerError
from mvsearch.store.records import (
    METADATA_FIELDS,
    SIDES,
    Lyrics,
    Metadata,
    MetadataField,
    Mood,
    MoodCurve,
    MoodTrack,
    Side,
    Video,
)
from mvsearch.store.records.metadata import order_fields

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from mvsearch.search.entry import Entry
    from mvsearch.search.query.query import Query

T = TypeVar("T")
_Object = dict[str, Any]


def read(kind: type[T], given: Any) -> T:
    """Read a value of a type: a dataclass, or lists and mappings of them.

    Keys that the type does not know are ignored, and the type checks its values.

    Raises:
        ServerError: it is something else.
    """
    from pydantic import ValidationError

    try:
        wanted: Any = kind
        found: T = _adapter(wanted).validate_python(given)
        return found
    except (ValidationError, RecursionError) as error:
        raise ServerError(_explain(error)) from None


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _explain(error: Exception) -> str:
    found: list[dict[str, Any]] = getattr(error, "errors", list)()
    where = ".".join(str(one) for one in found[0]["loc"][:8]) if found else ""
    why = found[0]["msg"] if found else "too deep"
    return f"the server answers what this version of mvsearch cannot read: {where or 'it'}: {why}"


def take(given: Any, key: str) -> Any:
    """The value of a key of a JSON object.

    Raises:
        ServerError: it is no object, or lacks the key.
    """
    if not isinstance(given, Mapping) or key not in given:
        raise ServerError(f"the server answers what this version of mvsearch cannot read: {key}")
    return given[key]


def read_video(given: Any) -> Video:
    """Read a video."""
    return read(Video, given)


def read_results(given: Any) -> list[Result]:
    """Read results; their moments are of their video."""
    return [read(Result, _name_moments(one)) for one in read(list[Any], given)]


def read_answers(given: Any, query: "Query", order: Sequence[int]) -> list[Result]:
    """Read the results of a query, whose parts have the names that they have here.

    Args:
        given: JSON of a server.
        query: that was asked.
        order: see `read_pair`.
    """
    results = read_results(given)
    if any(part.part not in range(len(order)) for one in results for part in one.parts):
        raise ServerError("the server answers what this version of mvsearch cannot read: parts")

    def rename(part: FoundPart) -> FoundPart:
        at = order[part.part]
        return replace(part, part=at, name=describe_part(query.parts[at]))

    return [replace(one, parts=tuple(map(rename, one.parts))) for one in results]


def read_pair(given: Any, order: Sequence[int]) -> Pair:
    """Read a pair.

    Args:
        given: JSON of a server.
        order: the position in the query of each part that was sent.
    """
    asked = {f"asked_{name}": value for name, value in read(_Object, take(given, "asked")).items()}
    part = read(int, take(given, "part"))
    if not 0 <= part < len(order):
        raise ServerError(f"the server answers what this version of mvsearch cannot read: {part}")
    return read(Pair, {**given, **asked, "part": order[part]})


def read_lyrics(given: Any) -> Lyrics:
    """Read lyrics with their source."""
    return read(Lyrics, given)


def read_entry(given: Any) -> "Entry":
    """Read everything known about a video; `detail` of a stage also says what it was made from."""
    from mvsearch.search.entry import Entry

    video_id = take(take(given, "video"), "id")
    stages = [
        {**read(dict[str, Any], stage), "video_id": video_id} for stage in take(given, "stages")
    ]
    # Servers of earlier versions read no text in pictures.
    more = {"n_uniform": take(given, "n_uniform_frames"), "shown": given.get("ocr", ())}
    # Servers of earlier versions predict no moods.
    mood = read(_Object, given.get("mood", {}))
    told = {**given, "stages": stages, **more, "why_no_mood": mood.get("why_none", "")}
    # Pydantic knows no arrays, and metadata are told by name.
    given_otherwise = ("moods", "metadata")
    kinds = {k: kind for k, kind in get_type_hints(Entry).items() if k not in given_otherwise}
    parts = {name: read(kind, told[name]) for name, kind in kinds.items() if name in told}
    moods = tuple(_read_track(side, mood[side]) for side in SIDES if mood.get(side))
    metadata = _read_metadata(given.get("metadata", {}), parts["video"])
    try:
        return Entry(**parts, moods=moods, metadata=metadata)
    except TypeError as error:
        raise ServerError(_explain(error)) from None


def _read_metadata(given: Any, video: Video) -> Metadata:
    """Read the metadata of a video; fields of later versions are passed over."""
    fields = [
        read(MetadataField, {**read(_Object, one), "name": name})
        for name, one in read(_Object, given).items()
        if name in METADATA_FIELDS
    ]
    return Metadata(order_fields(fields), artwork=video.artwork)


def _read_track(side: Side, given: Any) -> MoodTrack:
    """Read the mood of one side of a video over time."""
    import numpy as np

    curve = read(dict[str, list[float]], take(given, "curve"))
    values = [take(curve, name) for name in ("valence", "arousal", "confidence")]
    try:
        points = np.array(values, dtype=np.float32).T.reshape(-1, 3)
        line = MoodCurve(np.array(take(curve, "seconds"), dtype=np.float32), points)
        head, joint = read(str, take(given, "head")), np.zeros(0, dtype=np.float32)
        return MoodTrack(side, head, read(Mood, given), line, joint)
    except ValueError as error:
        raise ServerError(_explain(error)) from None


def _name_moments(given: Any) -> Any:
    video_id = take(take(given, "video"), "id")
    moments = read(list[dict[str, Any]], take(given, "moments"))
    return {**given, "moments": [{**one, "video_id": video_id} for one in moments]}
