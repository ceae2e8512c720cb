"""The options and the results of the stages of one file."""

from dataclasses import dataclass, field
from typing import Literal

from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.mood.used import EMBEDDED, Heads
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.store.records import (
    Embeddings,
    Failure,
    Lyrics,
    Metadata,
    MoodTrack,
    ShownLine,
    Stage,
    Still,
    Tag,
    TempoAndKey,
    Video,
)

LyricsMode = Literal["auto", "later", "sidecar", "whisper", "off"]


@dataclass(frozen=True, slots=True)
class StageOptions:
    """The options of the stages of a file.

    Attributes:
        lyrics: "auto" tries side-cars, subtitles, tags, plug-ins, text in the picture where
            it is read, then Whisper; "sidecar" omits
            Whisper; "later" leaves Whisper to `transcribe_library`; "whisper" transcribes every
            video; "off" skips the lyrics stage.
        language: ISO 639-1, for side-cars in several languages and for Whisper.
        analysis: options of decoding and sampling.
        heads: that predict moods.
    """

    lyrics: LyricsMode = "auto"
    language: str | None = None
    analysis: AnalysisOptions = field(default_factory=AnalysisOptions)
    heads: Heads = EMBEDDED


@dataclass(frozen=True, slots=True)
class StageResult:
    """The results of one stage of one file; stored in one transaction."""

    stage: Stage
    embeddings: tuple[Embeddings, ...] = ()
    lyrics: Lyrics | None = None
    uniform_seconds: tuple[float, ...] = ()
    tags: tuple[Tag, ...] = ()
    stills: tuple[Still, ...] = ()
    shown: tuple[ShownLine, ...] = ()
    mood: MoodTrack | None = None
    tempo: TempoAndKey | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of one file.

    Attributes:
        video: None if the file cannot be used at all.
        results: of the stages that were run.
        failures: of the file and its lyric files.
        metadata: of the video; None where they were not read.
        needs_transcription: whether no other source has lyrics and there is audio to transcribe.
    """

    found: Found
    video: Video | None
    results: tuple[StageResult, ...] = ()
    failures: tuple[Failure, ...] = ()
    needs_transcription: bool = False
    metadata: Metadata | None = None
