"""Describes results, lyrics and videos for the templates: addresses, bars, marked words."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from mvsearch import Moment, Result, Video, VideoLibrary
from mvsearch.search.output.html.answers import picture_seconds
from mvsearch.search.output.html.page import find_nearest
from mvsearch.search.output.text import format_seconds
from mvsearch.search.web.view_models.moods import tell_asked
from mvsearch.search.web.view_models.places import Place, describe_places
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.order import VideoOrder
from mvsearch.store.records import MODALITIES, Modality

LABELS: dict[Modality, str] = {
    "frames": "look",
    "lyrics": "lyrics",
    "audio": "sound",
    "ocr": "text in picture",
}
# A surprisal that fills the bar: one unrelated video of ten thousand is as similar.
FULL_SURPRISAL = 4.0
# Beyond it, the tail of the distribution is an extrapolation.
MAX_SURPRISAL = 6.0
MAX_TICKS = 12
_WORD = re.compile(r"\w+")

Line = list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Bar:
    """What one modality says about a result.

    Attributes:
        width: of the bar in percent.
        odds: how many unrelated videos one is as similar among, in short.
        chance: the same in words.
    """

    modality: Modality
    label: str
    similarity: float
    width: float
    odds: str
    chance: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A further moment on the timeline of a result, in percent of the duration."""

    x: float
    width: float
    modality: Modality
    address: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """A video in a grid.

    Attributes:
        address: of its page, at the best moment if there is one.
        picture: the address of a still; empty for sound alone.
        why: the address of the page that tells why it is a result.
        at_seconds: of the best moment.
        line: the best line of lyrics in pieces, each with whether a word of the query matches it.
        mood: why it fits by mood, or its mood and tempo where a filter or an order asks for them.
        others: modalities that can be judged and have no bar, with their labels.
        feedback: what of the score comes from likes and dislikes, in words.
        places: where it has the parts of a query in time, and what it has of excluded ones.
        sounds_like: the part of the line that sounds like the query, where it was misheard.
    """

    video: Video
    address: str
    picture: str
    why: str = ""
    at_seconds: float | None = None
    bars: tuple[Bar, ...] = ()
    line: Line | None = None
    line_seconds: float | None = None
    ticks: tuple[Tick, ...] = ()
    is_weak: bool = False
    copies: tuple[Video, ...] = ()
    mood: str = ""
    others: tuple[tuple[Modality, str], ...] = ()
    feedback: str = ""
    places: tuple[Place, ...] = ()
    sounds_like: str = ""


def describe_results(
    library: VideoLibrary, results: Sequence[Result], query: str, asked: Filter = Filter()
) -> list[Card]:
    """The cards of results.

    Args:
        library: of the results.
        results: of a search.
        query: the part of an address that asked for them; empty where there is nothing to explain.
        asked: the filter of the search.
    """
    stills = library.still_seconds([result.video for result in results])
    cards = [_describe_result(result, stills, query) for result in results]
    return [replace(one, mood=one.mood or tell_asked(one.video, asked)) for one in cards]


def describe_videos(
    library: VideoLibrary,
    videos: Sequence[Video],
    asked: Filter = Filter(),
    order: VideoOrder = "artist",
) -> list[Card]:
    """The cards of videos without a query."""
    stills = library.still_seconds(videos)
    return [
        Card(
            video,
            find_address(video),
            find_artwork(video) or find_picture(video, video.duration_seconds / 3, stills),
            mood=tell_asked(video, asked, order),
        )
        for video in videos
    ]


def _describe_result(result: Result, stills: Mapping[str, Sequence[float]], query: str) -> Card:
    moment = result.best_moment
    lines = [one for one in result.moments if one.modality in ("lyrics", "ocr") and one.text]
    sung = max(lines, key=lambda one: (one.similarity, one.modality == "lyrics"), default=None)
    return Card(
        result.video,
        find_address(result.video, moment.start_seconds if moment else None),
        # A still shows why it is a result; sound alone has none.
        find_picture(result.video, picture_seconds(result), stills) or find_artwork(result.video),
        f"/video/{result.video.id}/why?{query}" if query and result.mood is None else "",
        moment.start_seconds if moment else None,
        tuple(_describe_bars(result)),
        None if sung is None else mark_words(sung.text, _list_words(sung)),
        None if sung is None else sung.start_seconds,
        tuple(_place_ticks(result))[:MAX_TICKS],
        result.is_weak,
        result.copies,
        "" if result.mood is None else result.mood.describe(),
        tuple(_list_others(result)),
        "" if result.feedback is None else result.feedback.describe(),
        tuple(describe_places(result)),
        "" if sung is None else sung.sounds_like,
    )


def _list_others(result: Result) -> Iterator[tuple[Modality, str]]:
    """What of a video the query did not ask for, and can be judged all the same."""
    held: dict[Modality, bool] = {
        "frames": result.video.has_picture,
        "audio": result.video.has_sound,
    }
    for modality, is_held in held.items():
        if is_held and modality not in result.contributions:
            yield modality, LABELS[modality]


def _list_words(moment: Moment) -> list[str]:
    """The words of a line that match the query, as they are written or as they sound."""
    return [*moment.words, *split_words(moment.sounds_like)]


def find_address(video: Video | str, at_seconds: float | None = None) -> str:
    """The address of the page of a video, at a time."""
    video_id = video if isinstance(video, str) else video.id
    return f"/video/{video_id}" + (f"?t={at_seconds:.2f}" if at_seconds else "")


def find_artwork(video: Video) -> str:
    """The address of the picture beside a video; empty if there is none."""
    return f"/api/v1/videos/{video.id}/picture" if video.artwork else ""


def find_picture(video: Video, at_seconds: float, stills: Mapping[str, Sequence[float]]) -> str:
    """The address of the nearest still; empty for sound alone."""
    if not video.has_picture:
        return ""
    nearest = find_nearest(stills.get(video.id, ()), at_seconds)
    query = urlencode({"t": f"{at_seconds if nearest is None else nearest:.3f}"})
    return f"/api/v1/videos/{video.id}/thumbnail?{query}"


def _describe_bars(result: Result) -> Iterator[Bar]:
    for modality in MODALITIES:
        part = result.contributions.get(modality)
        if part is not None:
            width = 100 * min(max(part.calibrated / FULL_SURPRISAL, 0.0), 1.0)
            odds, chance = describe_chance(part.calibrated)
            label = LABELS[modality] if result.mood is None else "mood"
            yield Bar(modality, label, part.similarity, round(width, 1), odds, chance)


def describe_chance(surprisal: float) -> tuple[str, str]:
    """Which share of unrelated videos is as similar, from its -log10: in short, and in words."""
    if surprisal > MAX_SURPRISAL:
        return "< 1 in 10⁶", "not one unrelated video in a million is as similar"
    n_videos = round(10 ** max(surprisal, 0.0))
    if n_videos < 2:
        return "common", "most unrelated videos are as similar"
    digits = max(1, 10 ** (math.floor(math.log10(n_videos)) - 1))
    odds = f"1 in {round(n_videos / digits) * digits:,}"
    return odds, f"{odds} unrelated videos is as similar"


def _place_ticks(result: Result) -> Iterator[Tick]:
    """The moments on the timeline, where duration and times are known."""
    whole = result.video.duration_seconds
    for moment in result.moments:
        start = moment.start_seconds
        if start is None or whole <= 0 or start > whole:
            continue
        end = min(moment.end_seconds or start, whole)
        yield Tick(
            round(100 * start / whole, 2),
            max(1.2, round(100 * (end - start) / whole, 2)),
            moment.modality,
            find_address(result.video, start),
            _describe_moment(moment),
        )


def _describe_moment(moment: Moment) -> str:
    told = f"{LABELS[moment.modality]} at {format_seconds(moment.start_seconds)}"
    return f"{told}: {moment.text}" if moment.text else told


def split_words(text: str) -> list[str]:
    """The words of a text, as `mark_words` marks them."""
    return _WORD.findall(text)


def mark_words(text: str, words: Sequence[str]) -> Line:
    """A text in pieces, each with whether it is one of some words."""
    wanted = {word.casefold() for word in words}
    pieces: Line = []
    at = 0
    for found in _WORD.finditer(text):
        if found[0].casefold() in wanted:
            pieces += [(text[at : found.start()], False), (found[0], True)]
            at = found.end()
    return [piece for piece in [*pieces, (text[at:], False)] if piece[0]]
