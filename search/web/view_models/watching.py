"""Describes a video for its player: lyrics in time with their trust, stills with their tags."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mvsearch import Lyrics, Video
from mvsearch.search.web.view_models.cards import find_picture
from mvsearch.store.records import LyricLine, Tag

MAX_STILL_TAGS = 2
# Below this mean probability of its words, a transcribed line may well be wrong.
DOUBTFUL = 0.5

_SOURCES = {
    "sidecar": "a lyric file",
    "subtitles": "the subtitles",
    "tag": "the file's tag",
    "plugin": "a plug-in",
    "fetched": "a lyrics service",
    "ocr": "text in the picture",
    "whisper": "Whisper, which hears wrong at times",
}


@dataclass(frozen=True, slots=True)
class SungLine:
    """A line of lyrics.

    Attributes:
        pieces: of the text, each with the time at which it is sung; None where that is unknown.
        start_seconds, end_seconds: None without times.
        trust: mean probability of the words of a transcribed line in percent; None of others.
        is_doubtful: whether the trust is low.
        rejected: why the line is not trusted at all; None if it is.
    """

    pieces: Sequence[tuple[str, float | None]]
    start_seconds: float | None
    end_seconds: float | None
    trust: int | None
    is_doubtful: bool
    rejected: str | None


@dataclass(frozen=True, slots=True)
class StripStill:
    """A still with what is seen in it."""

    seconds: float
    address: str
    tags: tuple[str, ...]


def describe_lines(lyrics: Lyrics) -> list[SungLine]:
    """The lines of lyrics, also those that were rejected."""
    lines = []
    for line in lyrics.lines:
        share = _find_share(line)
        lines.append(
            SungLine(
                split_words(line),
                line.start_seconds,
                line.end_seconds,
                None if share is None else round(100 * share),
                share is not None and share < DOUBTFUL,
                line.rejected,
            )
        )
    return lines


def split_words(line: LyricLine) -> list[tuple[str, float | None]]:
    """The text of a line in pieces, each with the time of its word; in one piece without times."""
    pieces: list[tuple[str, float | None]] = []
    end = 0
    for word in line.words:
        text = word.text.strip()
        at = line.text.find(text, end)
        if not text or at < 0:
            return [(line.text, None)]
        # What stands between two words belongs to the first.
        if pieces:
            pieces[-1] = (line.text[end - len(pieces[-1][0]) : at], pieces[-1][1])
        elif at:
            pieces.append((line.text[:at], None))
        pieces.append((text, word.start_seconds))
        end = at + len(text)
    if not pieces:
        return [(line.text, None)]
    return [*pieces, (line.text[end:], None)] if line.text[end:] else pieces


def describe_strip(video: Video, seconds: Sequence[float], tags: Sequence[Tag]) -> list[StripStill]:
    """The stills of a video, each with the likeliest tags of its time."""
    seen = sorted((tag for tag in tags if tag.modality == "frames"), key=_sort_likely)
    strip = []
    for at in seconds:
        names = dict.fromkeys(t.name for t in seen if t.start_seconds <= at <= t.end_seconds)
        address = find_picture(video, at, {video.id: seconds})
        strip.append(StripStill(at, address, tuple(names)[:MAX_STILL_TAGS]))
    return strip


def describe_source(lyrics: Lyrics) -> str:
    """Where lyrics come from, and how far to trust them."""
    origin = f" ({lyrics.origin})" if lyrics.origin else ""
    language = f", {lyrics.language}" if lyrics.language else ""
    shares = [share for line in lyrics.lines if (share := _find_share(line)) is not None]
    mean = 100 * sum(shares) / max(len(shares), 1)
    heard = f"; on average {mean:.0f} % sure of its words" if shares else ""
    return f"from {_SOURCES.get(lyrics.source, lyrics.source)}{origin}{language}{heard}"


def _find_share(line: LyricLine) -> float | None:
    """The mean probability of the words of a transcribed line; None of others."""
    return None if line.whisper is None else math.exp(min(line.whisper.avg_logprob, 0.0))


def _sort_likely(tag: Tag) -> float:
    return -tag.probability
