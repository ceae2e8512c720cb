"""Converts keyword arguments of the API to options."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Modality, Video

# Options are imported by the functions that make them: a list of videos needs neither kind, and a
# search needs nothing of indexing.
if TYPE_CHECKING:
    from mvsearch.indexer.encoders import Encoders
    from mvsearch.indexer.lyrics.whisper.engines.engine import EngineChoice
    from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions
    from mvsearch.indexer.pipeline.execution.executor import Executor
    from mvsearch.indexer.pipeline.index_options import IndexOptions
    from mvsearch.indexer.pipeline.lyrics.transcription import TranscriptionOptions
    from mvsearch.indexer.pipeline.outcome import LyricsMode
    from mvsearch.search.options import SearchOptions
    from mvsearch.search.query.query import Query
    from mvsearch.search.query.spaces import By
    from mvsearch.search.scoring.fusion import Fusion


class SearchArguments(TypedDict, total=False):
    """The scoring and the number of results.

    Attributes:
        weights: of "frames", "lyrics", "audio" and "ocr"; omitted ones are 0. None for the
            defaults of the library.
        fusion: "calibrated", "weighted" or "rrf"; None for that of the profile.
        top: maximum number of results.
        n_moments: maximum number of moments of each modality in a result.
        collapse: whether near-duplicates are listed under the best of them.
        per_artist: maximum number of results of one artist; None for any number.
        by: what pictures are searched for: "copy" for the same shot, "look" for similar content.
            None for "copy" by pictures and clips, where the library can tell copies.
        misheard: whether lyric lines are also found by how they sound.
    """

    weights: Mapping[Modality, float] | None
    fusion: "Fusion | None"
    top: int
    n_moments: int
    collapse: bool
    per_artist: int | None
    by: "By | None"
    misheard: bool


class IndexArguments(TypedDict, total=False):
    """How folders are indexed.

    Attributes:
        lyrics: "auto" takes side-cars, subtitles and tags, then Whisper if its weights are
            installed; "later" leaves Whisper to `transcribe`; "sidecar", "whisper" or "off".
        whisper_model: name, checkpoint or CTranslate2 folder; None for that of the profile.
        whisper_engine: "openai" or "faster"; None chooses one.
        voiced_only: whether Whisper skips audio without a detected voice.
        language: of the songs, by ISO 639-1; None detects it.
        workers: number of files decoded in parallel; None chooses one.
        recursive: whether subfolders are included.
        frame_rate: frames per second; None chooses by duration.
        fast: key frames only.
        max_hours: longer files are refused, by header or by content.
        retry_failed: whether files that failed before are tried again.
        include_removed: whether videos that `remove` took out are indexed again.
        ocr: whether text in the picture is read; None: if the library has such text already.
        wait_seconds: maximum time to wait for another writer.
        settle_seconds: how long a new or changed file must have stood still; others wait for the
            next run.
        on: where files are decoded and encoded: "ray" for the Ray cluster that `$RAY_ADDRESS` names
            or a new one of this machine, "ray://HOST:PORT" for another one; None for this process.
            There, `workers` is the number of videos at once in all nodes.
        worker_cpus, worker_gpus: that each worker of a cluster reserves.
        upload: whether files are sent to the nodes, which otherwise have them under the same path.
    """

    lyrics: "LyricsMode"
    whisper_model: str | None
    whisper_engine: "EngineChoice | None"
    voiced_only: bool
    language: str | None
    workers: int | None
    recursive: bool
    frame_rate: float | None
    fast: bool
    max_hours: float
    retry_failed: bool
    include_removed: bool
    ocr: bool | None
    wait_seconds: float
    settle_seconds: float
    on: str | None
    worker_cpus: float | None
    worker_gpus: float
    upload: bool


class TranscribeArguments(TypedDict, total=False):
    """How videos are transcribed.

    Attributes:
        whisper_model, whisper_engine, voiced_only, language, wait_seconds: see `IndexArguments`.
    """

    whisper_model: str | None
    whisper_engine: "EngineChoice | None"
    voiced_only: bool
    language: str | None
    wait_seconds: float


def make_search_options(
    encoders: "Encoders | None",
    *,
    weights: Mapping[Modality, float] | None = None,
    fusion: "Fusion | None" = None,
    top: int = 10,
    n_moments: int = 3,
    collapse: bool = False,
    per_artist: int | None = None,
    by: "By | None" = None,
    misheard: bool = True,
) -> "SearchOptions":
    """The options of a search; the default fusion is that of the encoders' profile, if any.

    Raises:
        QueryError: a weight, a number or the fusion is invalid.
    """
    from mvsearch.search.options import SearchOptions, choose_fusion

    return SearchOptions(
        weights, choose_fusion(encoders, fusion), top, n_moments, collapse, per_artist, by, misheard
    )


def settle_arguments(query: "Query", given: SearchArguments) -> SearchArguments:
    """The arguments of a search whose parts lie in time or are excluded: one way of fusion has it.

    Raises:
        QueryError: another fusion is given.
    """
    from mvsearch.store.errors import QueryError

    if query.expression is None and not query.has_negative:
        return given
    if given.get("fusion") not in (None, "calibrated"):
        what = "parts in time are" if query.expression is not None else "what excludes something is"
        raise QueryError(f"{what} scored by calibrated evidence: leave out the fusion")
    return {**given, "fusion": "calibrated"}


def check_contrast_arguments(given: SearchArguments) -> None:
    """Refuse what a contrast says by itself.

    Raises:
        QueryError: weights, a fusion or `by` are given.
    """
    from mvsearch.store.errors import QueryError

    refused = [name for name in ("weights", "fusion", "by") if given.get(name) is not None]
    if refused:
        raise QueryError(f"a contrast has no {' or '.join(refused)}: leave it out")


def list_played(played: str | Video | Sequence[str | Video]) -> list[str | Video]:
    """The songs of a chain so far.

    Raises:
        MvsearchError: there is none.
    """
    names = [played] if isinstance(played, str | Video) else list(played)
    if not names:
        raise MvsearchError("a chain begins with a video: name one")
    return names


def make_index_options(
    *,
    lyrics: "LyricsMode" = "auto",
    whisper_model: str | None = None,
    whisper_engine: "EngineChoice | None" = None,
    voiced_only: bool = False,
    language: str | None = None,
    workers: int | None = None,
    recursive: bool = True,
    frame_rate: float | None = None,
    fast: bool = False,
    max_hours: float = 12.0,
    retry_failed: bool = False,
    include_removed: bool = False,
    ocr: bool | None = None,
    wait_seconds: float = 10.0,
    settle_seconds: float = 0.0,
    on: str | None = None,
    worker_cpus: float | None = None,
    worker_gpus: float = 0.0,
    upload: bool = False,
) -> "IndexOptions":
    """The options of an index run; hardware decoders are used if available.

    Raises:
        MvsearchError: an address or a number is invalid.
    """
    from mvsearch.indexer.features.analysis import AnalysisOptions
    from mvsearch.indexer.media.hardware import Hardware
    from mvsearch.indexer.pipeline.index_options import IndexOptions

    return IndexOptions(
        lyrics=lyrics,
        whisper_model=whisper_model,
        transcription=_make_transcribe_options(whisper_engine, voiced_only),
        language=language,
        workers=workers,
        is_recursive=recursive,
        has_retry=retry_failed,
        has_removed=include_removed,
        ocr=ocr,
        wait_seconds=wait_seconds,
        settle_seconds=settle_seconds,
        analysis=AnalysisOptions(
            frame_rate,
            decoded="key" if fast else "needed",
            hardware=Hardware(),
            max_hours=max_hours,
        ),
        executor=_choose_executor(on, worker_cpus, worker_gpus, upload),
    )


def _choose_executor(
    on: str | None, worker_cpus: float | None, worker_gpus: float, upload: bool
) -> "Executor":
    """What runs the stages: this process, or a cluster."""
    from mvsearch.indexer.pipeline.execution.here import Here

    if on is None:
        if upload or worker_cpus is not None or worker_gpus:
            raise MvsearchError("uploads and what workers reserve need a cluster: name it by `on`")
        return Here()
    from mvsearch.indexer.distributed.address import parse_address
    from mvsearch.indexer.distributed.ray_executor import RayExecutor, RayOptions

    options = RayOptions(None, worker_cpus, worker_gpus, upload)
    return RayExecutor(parse_address(on), options)


def make_transcription_options(
    *,
    whisper_model: str | None = None,
    whisper_engine: "EngineChoice | None" = None,
    voiced_only: bool = False,
    language: str | None = None,
    wait_seconds: float = 10.0,
) -> "TranscriptionOptions":
    """The options of a transcription of a library."""
    from mvsearch.indexer.pipeline.lyrics.transcription import TranscriptionOptions

    transcription = _make_transcribe_options(whisper_engine, voiced_only)
    return TranscriptionOptions(whisper_model, transcription, language, wait_seconds)


def _make_transcribe_options(
    whisper_engine: "EngineChoice | None", voiced_only: bool
) -> "TranscribeOptions":
    """The options of Whisper."""
    from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions
    from mvsearch.indexer.lyrics.whisper.windows import VOICED_ONLY, WindowOptions

    windows = VOICED_ONLY if voiced_only else WindowOptions()
    return TranscribeOptions(engine=whisper_engine, windows=windows)
