"""Lyrics, their lines, and where they come from."""

from dataclasses import asdict, dataclass
from typing import Any

from mvsearch.store.records.times import check_span
from mvsearch.store.unicode import printable


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its time."""

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class WhisperSegment:
    """The fields of a Whisper segment beyond id, start, end and text of its line.

    Attributes:
        seek: offset of the 30-second window, in hundredths of a second.
        temperature, compression_ratio, no_speech_prob: as Whisper defines them.
        avg_logprob: mean log-probability of the words of the window, with and without those before.
    """

    id: int
    seek: int
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float

    def to_dict(self) -> dict[str, Any]:
        """The fields in the form of the JSON output."""
        return asdict(self) | {"tokens": list(self.tokens)}


@dataclass(frozen=True, slots=True)
class LyricLine:
    """A line of lyrics; a rejected one is stored and shown, but not indexed.

    Attributes:
        rejected: the reason why it is not indexed; None if it is.
    """

    text: str
    start_seconds: float | None = None
    end_seconds: float | None = None
    words: tuple[Word, ...] = ()
    rejected: str | None = None
    whisper: WhisperSegment | None = None

    def __post_init__(self) -> None:
        """Check the times."""
        check_span(self.start_seconds, self.end_seconds)

    def to_dict(self) -> dict[str, Any]:
        """The line in the form of the JSON output; words and Whisper's fields if it has any."""
        words = [asdict(word) | {"text": printable(word.text)} for word in self.words]
        return {
            "start_seconds": self.start_seconds,
            "end_seconds": self.end_seconds,
            "text": printable(self.text),
            "rejected": self.rejected,
            **({"words": words} if words else {}),
            **({} if self.whisper is None else {"whisper": self.whisper.to_dict()}),
        }


@dataclass(frozen=True, slots=True)
class Lyrics:
    """The lyrics of a video and where they come from.

    Attributes:
        source: "sidecar", "subtitles", "tag", "plugin", "fetched", "ocr" or "whisper".
        origin: the file name, stream, tag, plug-in, service or model within that source.
        language: ISO 639-1 code where known.
    """

    lines: tuple[LyricLine, ...]
    source: str
    origin: str = ""
    language: str | None = None

    @property
    def is_timed(self) -> bool:
        """Whether any line has a time."""
        return any(line.start_seconds is not None for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """The lyrics with their source in the form of the JSON output."""
        return {
            "source": self.source,
            "origin": printable(self.origin),
            "language": self.language,
            "lines": [line.to_dict() for line in self.lines],
        }
