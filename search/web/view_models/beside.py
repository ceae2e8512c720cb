"""Describes the pairs that explain a similarity for the template: two sides and a bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mvsearch import Pair, Video
from mvsearch.search.web.uploads import parse_name
from mvsearch.search.web.view_models.cards import (
    LABELS,
    Line,
    find_address,
    mark_words,
    split_words,
)
from mvsearch.store.records import MODALITIES, Modality


@dataclass(frozen=True, slots=True)
class Side:
    """A piece of a query, or of the video.

    Attributes:
        picture: address of a stored still near it; empty for none.
        frame: address of the frame of the very time, which takes longer; empty for none.
        video_id: of the video that plays it; empty for words and uploads.
        address: of the page of that video, at the piece.
        at_seconds: None for words, pictures and lyrics without times.
        line: words or a lyric line in pieces, each with whether a word of the other side is in it.
    """

    picture: str = ""
    frame: str = ""
    video_id: str = ""
    address: str = ""
    at_seconds: float | None = None
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Two pieces that are similar.

    Attributes:
        width: of the bar in percent.
    """

    asked: Side
    found: Side
    similarity: float
    width: float


def describe_pairs(
    pairs: Sequence[Pair], video: Video, uploads: Sequence[str]
) -> list[tuple[Modality, str, list[Beside]]]:
    """The pairs of each modality that has any, best first, with its label.

    Args:
        pairs: of the query.
        video: that answers it.
        uploads: the names of the uploads that are its first parts.
    """
    groups: list[tuple[Modality, str, list[Beside]]] = []
    for modality in MODALITIES:
        own = [_describe(pair, video, uploads) for pair in pairs if pair.modality == modality]
        own.sort(key=lambda one: -one.similarity)
        if own:
            groups.append((modality, LABELS[modality], own))
    return groups


def _describe(pair: Pair, video: Video, uploads: Sequence[str]) -> Beside:
    found = _show(video.id, pair, pair.start_seconds, pair.text)
    width = round(100 * min(max(pair.similarity, 0.0), 1.0), 1)
    return Beside(_describe_asked(pair, uploads), found, pair.similarity, width)


def _describe_asked(pair: Pair, uploads: Sequence[str]) -> Side:
    """The piece of the query; of an upload with its still."""
    at = pair.asked_start_seconds
    if pair.asked_video_id is not None:
        return _show(pair.asked_video_id, pair, at, pair.asked_text)
    picture = ""
    if pair.part < len(uploads) and pair.modality == "frames":
        upload_id, _ = parse_name(uploads[pair.part])
        picture = f"/api/v1/uploads/{quote(upload_id)}/thumbnail?{urlencode({'t': at or 0.0})}"
    return Side(picture, at_seconds=at, line=_mark(pair, pair.asked_text))


def _show(video_id: str, pair: Pair, at_seconds: float | None, text: str) -> Side:
    """A piece of a video."""
    picture = frame = ""
    if pair.modality == "frames" and at_seconds is not None:
        query = urlencode({"t": f"{at_seconds:.3f}"})
        own = f"/api/v1/videos/{video_id}"
        picture, frame = f"{own}/thumbnail?{query}", f"{own}/frame?{query}"
    address, line = find_address(video_id, at_seconds), _mark(pair, text)
    return Side(picture, frame, video_id, address, at_seconds, line)


def _mark(pair: Pair, text: str) -> Line | None:
    return mark_words(text, [*pair.words, *split_words(pair.sounds_like)]) if text else None
