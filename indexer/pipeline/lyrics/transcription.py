"""Transcribes the videos whose lyrics no other source has, one at a time."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.networks.device import count_threads, has_driver
from mvsearch.indexer.lyrics.files.languages import check_language
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import explain_fetching
from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions, Transcriber
from mvsearch.indexer.media.decoding.frames import DecodeStoppedError
from mvsearch.indexer.media.files.scan import ScannedFile
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import transcribe_lyrics
from mvsearch.indexer.pipeline.outcome import StageResult
from mvsearch.indexer.pipeline.planning.comparison import stands
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.indexer.pipeline.summary import Summary
from mvsearch.indexer.pipeline.writer import CatalogWriter, wait_to_write
from mvsearch.indexer.progress import Progress, Silence
from mvsearch.store.errors import CancelledError
from mvsearch.store.library import Library
from mvsearch.store.observing.context import naming
from mvsearch.store.observing.observers import tell, timing
from mvsearch.store.records import Failure, Location

logger = logging.getLogger(__name__)

# Processor time of faster-whisper with 8-bit integers, in seconds a second of sound, measured for
# "base"; for others in proportion to their numbers of weights.
_BASE_CORE_SECONDS = 0.17
GONE = "it is gone, or has changed since it was indexed; index its folder again"
_MILLION_WEIGHTS = {"tiny": 39, "base": 74, "small": 244, "medium": 769, "turbo": 809}


@dataclass(frozen=True, slots=True)
class WaitingVideo:
    """A video whose lyrics are pending, with its duration."""

    found: Found
    duration_seconds: float


Transcribe: TypeAlias = Callable[
    [Sequence[WaitingVideo], Transcriber, Encoders, threading.Event],
    Iterator[tuple[WaitingVideo, StageResult, Failure | None]],
]


@dataclass(frozen=True, slots=True)
class TranscriptionOptions:
    """How the videos of a library are transcribed.

    Attributes:
        whisper_model: name, checkpoint file or folder of CTranslate2; None takes the profile's.
        transcription: options of the transcription.
        language: of the songs, ISO 639-1; None detects it.
        wait_seconds: maximum time to wait for another writer.
    """

    whisper_model: str | None = None
    transcription: TranscribeOptions = field(default_factory=TranscribeOptions)
    language: str | None = None
    wait_seconds: float = 10.0


def transcribe_library(
    library: Library,
    encoders: Encoders,
    video_ids: Collection[str] | None = None,
    options: TranscriptionOptions = TranscriptionOptions(),
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Summary:
    """Transcribe videos of a library.

    Ctrl-C or `stop` ends the run within seconds; finished videos are kept.

    Args:
        library: to update.
        encoders: of its profile.
        video_ids: which videos, whatever lyrics they have; None for all whose lyrics are pending.
        options: of the run.
        progress: of the run; None shows nothing.
        stop: when set, the run ends.

    Returns:
        The summary; `transcribed` is the number of videos.

    Raises:
        MvsearchError: the library is busy, or the weights of Whisper are missing.
    """
    start, progress, stop = time.monotonic(), progress or Silence(), stop or threading.Event()
    check_language(options.language)
    model = options.whisper_model or encoders.profile.whisper_model
    transcriber = Transcriber(model, options.language, False, options.transcription)
    writer = CatalogWriter(library.catalog)
    with wait_to_write(library, options.wait_seconds, progress):
        library.catalog.adopt_profile(encoders.name, encoders.spaces())
        if video_ids is None:
            key = encoders.lyrics.spaces[0].key
            stages = library.catalog.stages_of("lyrics", key)
            video_ids = {name for name, stage in stages.items() if stage.status == "pending"}
        waiting = _locate_videos(library, video_ids, writer)
        try:
            transcribe_videos(waiting, transcriber, encoders, writer, progress, stop)
        except (KeyboardInterrupt, CancelledError):
            stop.set()
    writer.summary.is_interrupted = stop.is_set()
    writer.summary.seconds = time.monotonic() - start
    return writer.summary


def transcribe_videos(
    waiting: Sequence[WaitingVideo],
    transcriber: Transcriber,
    encoders: Encoders,
    writer: CatalogWriter,
    progress: Progress,
    stop: threading.Event,
    transcribe: Transcribe | None = None,
) -> None:
    """Transcribe videos, and store each when it is done.

    Args:
        waiting: the videos.
        transcriber: the model.
        encoders: of the profile.
        writer: stores the lyrics of files that have not changed meanwhile, and counts the videos.
        progress: told the expected time first, then the stage "transcribe".
        stop: when set, ends the run within seconds.
        transcribe: yields each video when it is done; None for `transcribe_in_turn`.
    """
    if not waiting or stop.is_set():
        return
    progress.note(explain_transcription(waiting, transcriber))
    progress.begin("transcribe", len(waiting))
    done_seconds, all_seconds = 0.0, sum(video.duration_seconds for video in waiting)
    done = (transcribe or transcribe_in_turn)(waiting, transcriber, encoders, stop)
    tell("queue", len(waiting), stage="transcribe")
    for at, (video, result, failure) in enumerate(done, 1):
        tell("queue", len(waiting) - at, stage="transcribe")
        if writer.is_whole(video.found):
            if failure is not None:
                writer.keep_failure(failure, video.found)
            writer.keep_result(result)
            writer.summary.transcribed += 1
        done_seconds += video.duration_seconds
        progress.measure("transcribe", done_seconds, all_seconds)
        progress.advance("transcribe")
    tell("queue", 0, stage="transcribe")


def transcribe_in_turn(
    waiting: Sequence[WaitingVideo],
    transcriber: Transcriber,
    encoders: Encoders,
    stop: threading.Event,
) -> Iterator[tuple[WaitingVideo, StageResult, Failure | None]]:
    """Transcribe videos one after the other; ends early once `stop` is set."""
    for video in waiting:
        try:
            with naming(video_id=video.found.video_id), timing("stage", stage="transcribe"):
                logger.info("transcribing %s", video.found.file.path)
                result, failure = transcribe_lyrics(video.found, transcriber, encoders, stop)
        except DecodeStoppedError:
            return
        yield video, result, failure


def explain_transcription(waiting: Sequence[WaitingVideo], transcriber: Transcriber) -> str:
    """One line: how much is transcribed, by what, and how long that takes."""
    seconds = sum(video.duration_seconds for video in waiting)
    n_videos = "1 video" if len(waiting) == 1 else f"{len(waiting)} videos"
    expected = estimate_seconds(seconds, transcriber)
    takes = f" takes about {_describe_time(expected)}" if expected is not None else ""
    return (
        f"Transcribing {n_videos} with Whisper {transcriber.origin}, {_describe_time(seconds)} of"
        f" sound,{takes or ' begins'}; pictures and sound can be searched meanwhile"
    )


def explain_pending(n_videos: int, missing_model: str | None) -> str:
    """One line: how many videos have no lyrics yet, and how to transcribe them.

    Args:
        n_videos: their number.
        missing_model: of Whisper, where its weights are missing; None otherwise.
    """
    videos = "1 video" if n_videos == 1 else f"{n_videos} videos"
    why = fetch = ""
    if missing_model is not None:
        why = f", as Whisper's weights ({missing_model}) are missing"
        fetch = f"{explain_fetching(missing_model)}; then "
    return f"No lyrics yet for {videos}{why}. To transcribe them, {fetch}type: mvsearch transcribe"


def estimate_seconds(sound_seconds: float, transcriber: Transcriber) -> float | None:
    """The expected time of a transcription; None where it was never measured."""
    n_million = _MILLION_WEIGHTS.get(transcriber.model_name.removesuffix(".en"))
    if n_million is None or transcriber.engine_name != "faster" or has_driver():
        return None
    cost = _BASE_CORE_SECONDS * n_million / _MILLION_WEIGHTS["base"]
    return sound_seconds * cost / count_threads()


def _describe_time(seconds: float) -> str:
    """A time in whole minutes, or in seconds below one."""
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{max(seconds, 1):.0f} s"


def choose_file(video_id: str, locations: Iterable[Location]) -> Found | None:
    """An unchanged file of a video, of its locations; None if there is none."""
    there = sorted(filter(stands, locations), key=lambda location: location.path)
    if not there:
        return None
    first, *others = there
    file = ScannedFile(first.path, first.size, first.mtime_ns)
    return Found(file, video_id, others=tuple(other.path for other in others))


def _locate_videos(
    library: Library, video_ids: Collection[str], writer: CatalogWriter
) -> list[WaitingVideo]:
    """Find an unchanged file of each video; a failure for each video without one."""
    places: dict[str, list[Location]] = defaultdict(list)
    for location in library.catalog.locations():
        if location.video_id in video_ids:
            places[location.video_id].append(location)
    waiting, videos = [], library.catalog.some_videos(list(places))
    for video_id, locations in places.items():
        found = choose_file(video_id, locations)
        if found is None:
            writer.keep_failure(Failure(locations[0].path, "scan", "unreadable", GONE))
            continue
        waiting.append(WaitingVideo(found, videos[video_id].duration_seconds))
    return sorted(waiting, key=lambda video: video.found.file.path)
