"""The options and the results of the stages of one file."""

from dataclasses import dataclass, field
from typing import Literal

from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.pipeline.inventory import Found
from mvsearch.store.records import Embeddings, Failure, Lyrics, Stage, Still, Tag, Video

LyricsMode = Literal["auto", "sidecar", "whisper", "off"]


@dataclass(frozen=True, slots=True)
class StageOptions:
    """How a file is taken through its stages.

    Attributes:
        lyrics: "auto" takes side-car, subtitles, tag, plug-ins, then Whisper; "sidecar" stops
            before Whisper; "whisper" hears every song anew; "off" leaves lyrics alone.
        language: ISO 639-1, for side-cars in several languages and for Whisper.
    """

    lyrics: LyricsMode = "auto"
    language: str | None = None
    analysis: AnalysisOptions = field(default_factory=AnalysisOptions)


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one stage made of one file; stored in one transaction."""

    stage: Stage
    embeddings: tuple[Embeddings, ...] = ()
    lyrics: Lyrics | None = None
    uniform_seconds: tuple[float, ...] = ()
    tags: tuple[Tag, ...] = ()
    stills: tuple[Still, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        video: None when the file cannot be used at all.
        waits_for_whisper: no cheaper source had the lyrics, and there is sound to hear them in.
    """

    found: Found
    video: Video | None
    results: tuple[StageResult, ...] = ()
    failures: tuple[Failure, ...] = ()
    waits_for_whisper: bool = False
