"""The options of an index run."""

from dataclasses import dataclass, field

from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions
from mvsearch.indexer.pipeline.execution.executor import Executor
from mvsearch.indexer.pipeline.execution.here import Here
from mvsearch.indexer.pipeline.outcome import LyricsMode


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How folders are indexed.

    Attributes:
        lyrics: the allowed sources; see `StageOptions`.
        whisper_model: name, checkpoint file or folder of CTranslate2; None takes the profile's.
        transcription: options of the transcription.
        language: ISO 639-1, for side-cars in several languages and for Whisper.
        workers: files decoded in parallel; None takes half the number of cores, as the decoder has
            threads of its own, but at least two, as a file does not use all cores at its ends.
        is_recursive: whether subfolders are included.
        has_retry: whether unchanged files that failed before are tried again.
        has_removed: whether videos that were removed by name are added again; a file that is named
            itself always is.
        ocr: whether text in the picture is read; None: if the library has such text already, and
            the reader is installed.
        wait_seconds: maximum time to wait for another writer.
        analysis: options of decoding and sampling.
        settle_seconds: how long a new or changed file must have stood still.
        executor: runs the stages; the results are written here.
    """

    lyrics: LyricsMode = "auto"
    whisper_model: str | None = None
    transcription: TranscribeOptions = field(default_factory=TranscribeOptions)
    language: str | None = None
    workers: int | None = None
    is_recursive: bool = True
    has_retry: bool = False
    has_removed: bool = False
    ocr: bool | None = None
    wait_seconds: float = 10.0
    analysis: AnalysisOptions = field(default_factory=AnalysisOptions)
    settle_seconds: float = 0.0
    executor: Executor = field(default_factory=Here)
