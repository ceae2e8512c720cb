"""Indexes a folder: runs the missing stages and commits each file when it is done."""

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.lyrics.files.languages import check_language
from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions, Transcriber, has_weights
from mvsearch.indexer.media.decoding.frames import DecodeStoppedError
from mvsearch.indexer.media.files.unfinished import explain_unfinished
from mvsearch.indexer.pipeline.analyse_jobs import analyse_jobs
from mvsearch.indexer.pipeline.inventory import Found, Inventory, InventoryOptions
from mvsearch.indexer.pipeline.lyrics_stage import transcribe_lyrics
from mvsearch.indexer.pipeline.outcome import LyricsMode, Outcome, StageOptions
from mvsearch.indexer.pipeline.plan import Job, LyricsRequest, choose_jobs, list_idle_options
from mvsearch.indexer.pipeline.take_inventory import take_inventory, take_inventory_of
from mvsearch.indexer.pipeline.writer import CatalogWriter, Summary
from mvsearch.indexer.progress import Progress, Silence, count_steps
from mvsearch.store.errors import CancelledError, LibraryBusyError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Location

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How folders are indexed.

    Attributes:
        whisper_model: name, checkpoint file or folder of CTranslate2; None takes the profile's.
        workers: files decoded at once; None takes one for two cores, as the decoder has threads
            too, but two at least: while one file begins or ends, another uses the cores.
        has_retry: whether files that failed before are tried again though they did not change.
        has_removed: whether files come back whose video was removed by its name; one that is named
            itself always does.
        wait_seconds: how long to wait for another writer.
    """

    lyrics: LyricsMode = "auto"
    whisper_model: str | None = None
    transcription: TranscribeOptions = field(default_factory=TranscribeOptions)
    language: str | None = None
    workers: int | None = None
    is_recursive: bool = True
    has_retry: bool = False
    has_removed: bool = False
    wait_seconds: float = 10.0
    analysis: AnalysisOptions = field(default_factory=AnalysisOptions)


def index_paths(
    paths: Sequence[Path],
    library: Library,
    encoders: Encoders,
    options: IndexOptions = IndexOptions(),
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Summary:
    """Bring the library up to date with folders, and with files that are named themselves.

    Ctrl-C, or setting `stop`, ends the run within a second or two; what is done stays.

    Args:
        paths: folders and media files. A folder inside another is not done twice. What a folder has
            no more leaves the library, and so does what `.mvsearchignore` names; a file that is
            named says nothing of others, and is taken even if it is ignored or was removed.
        library: the one to fill.
        encoders: of its profile.
        options: how.
        progress: shown meanwhile.
        stop: when set, the run ends; what is done stays.

    Raises:
        MvsearchError: a path that is not there or is no media file, a busy library, other
            encoders, or weights that are missing.
    """
    if not paths:
        raise MvsearchError("name a folder or a file to index")
    # Paths are shown and kept as they stand here, so without "..".
    places = [path.resolve() if ".." in path.parts else path.absolute() for path in paths]
    run = _Run(places, None, library, encoders, options, progress or Silence(), stop)
    return run.complete(library)


def index_videos(
    wanted: Sequence[Location],
    library: Library,
    encoders: Encoders,
    options: IndexOptions = IndexOptions(),
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Summary:
    """Bring a library up to date with what another holds, so that both hold the same videos.

    Args:
        wanted: the other library's locations. A video that is not among them leaves this library.
        library: the one to fill.
        encoders: of its profile.
        options: as for a folder.
        progress: shown meanwhile.
        stop: when set, the run ends; what is done stays.

    Raises:
        MvsearchError: a busy library, other encoders, or weights that are missing.
    """
    run = _Run((), wanted, library, encoders, options, progress or Silence(), stop)
    return run.complete(library)


@contextmanager
def _writing(library: Library, wait_seconds: float, progress: Progress) -> Iterator[None]:
    """Be the one who writes; who has to wait is told for whom."""
    with ExitStack() as stack:
        try:
            stack.enter_context(library.writing(0))
        except LibraryBusyError as busy:
            who = str(busy).partition(";")[0]
            progress.note(f"Waiting up to {wait_seconds:.0f} s: {who}")
            stack.enter_context(library.writing(wait_seconds))
        yield


class _Run:
    """One run over places, or else over the locations of another library."""

    def __init__(
        self,
        places: Sequence[Path],
        wanted: Sequence[Location] | None,
        library: Library,
        encoders: Encoders,
        options: IndexOptions,
        progress: Progress,
        stop: threading.Event | None,
    ) -> None:
        self.places = places
        self.wanted = wanted
        self.catalog = library.catalog
        self.encoders = encoders
        self.options = options
        self.progress = progress
        self.stop = stop or threading.Event()
        self.writer = CatalogWriter(library.catalog)
        self.whisper_model = options.whisper_model or encoders.profile.whisper_model
        self.lyrics: LyricsMode = options.lyrics
        # Such a profile asks Whisper first, and others only where there is no Whisper.
        if self.lyrics == "auto" and encoders.profile.is_lyrics_heard:
            self.lyrics = "whisper" if has_weights(self.whisper_model) else "auto"
        self.transcriber: Transcriber | None = None
        self.waiting: list[Found] = []

    def complete(self, library: Library) -> Summary:
        """Do it all, and give an account of it."""
        start = time.monotonic()
        with _writing(library, self.options.wait_seconds, self.progress):
            self.prepare()
            try:
                self.work()
            except (KeyboardInterrupt, CancelledError):
                self.stop.set()
        summary = self.writer.summary
        summary.is_interrupted = self.stop.is_set()
        summary.seconds = time.monotonic() - start
        return summary

    def prepare(self) -> None:
        """Fail now, before any work, where something is missing or does not fit."""
        mode, options = self.lyrics, self.options
        check_language(options.language)
        if mode == "whisper" or (mode == "auto" and has_weights(self.whisper_model)):
            self.transcriber = Transcriber(
                self.whisper_model, options.language, mode == "whisper", options.transcription
            )
        self.catalog.adopt_profile(self.encoders.name, self.encoders.spaces())

    def work(self) -> None:
        """Every stage, the cheap ones first."""
        inventory = self._take_inventory()
        self.writer.summary.is_empty = inventory.is_empty and not self.stop.is_set()
        self.writer.keep_inventory(inventory)
        if not inventory.is_empty:
            for folder in inventory.empty:
                self.progress.note(f"{folder} has no video and no sound file")
        request = LyricsRequest(self.lyrics, self.whisper_model, self.transcriber is not None)
        decoded = self.options.analysis.decoded
        chosen = choose_jobs(inventory, self.catalog, self.encoders, request, decoded)
        asked = self.options
        idle = list_idle_options(asked.analysis, asked.transcription, asked.language)
        for line in chosen.explain(idle):
            self.progress.note(line)
        self.writer.summary.unchanged = chosen.n_unchanged
        self.writer.summary.pending = chosen.n_waiting
        self._analyse(chosen.jobs)
        if self.writer.summary.unfinished:
            self.progress.note(explain_unfinished(self.writer.summary.unfinished))
        # Only now: what looks gone may have moved, and its content stands under its new place.
        self._forget(inventory)
        if not self.stop.is_set():
            self._transcribe()

    def _take_inventory(self) -> Inventory:
        """Look at every file."""
        asked, count = self.options, count_steps(self.progress, "look", "files")
        options = InventoryOptions(asked.is_recursive, asked.has_retry, asked.has_removed)
        if self.wanted is None:
            return take_inventory(self.places, self.catalog, options, on_file=count, stop=self.stop)
        self.writer.forget_others({location.video_id for location in self.wanted})
        return take_inventory_of(self.wanted, self.catalog, options, on_file=count, stop=self.stop)

    def _forget(self, inventory: Inventory) -> None:
        """Drop what vanished, but not where so much did that a drive may be missing."""
        if self.stop.is_set():
            return
        if inventory.missing:
            self.writer.summary.missing = len(inventory.missing)
            self.progress.note(
                f"{len(inventory.missing)} files that the library knows are missing here, more than"
                " are left, so they are kept. If they are really gone: mvsearch remove --missing"
            )
        self.writer.forget(inventory.gone, inventory.healed)

    def _analyse(self, jobs: list[Job]) -> None:
        """Analyse files in parallel and store each outcome in this thread."""
        asked = self.options
        analyse_jobs(
            jobs,
            self.encoders,
            StageOptions(self.lyrics, asked.language, asked.analysis),
            self._keep,
            n_workers=asked.workers or max(2, (os.cpu_count() or 1) // 2),
            progress=self.progress,
            stop=self.stop,
        )

    def _keep(self, job: Job, outcome: Outcome) -> None:
        """Store an outcome, and the file alone if it waits for Whisper."""
        if self.writer.keep_if_whole(job.files, outcome) and outcome.waits_for_whisper:
            # Not the outcome: it holds the vectors of a whole video.
            self.waiting.append(outcome.found)

    def _transcribe(self) -> None:
        """Transcribe the videos without lyrics from cheaper sources, one at a time."""
        if self.transcriber is None:
            self._note_pending()
            return
        if self.waiting:
            self.progress.begin("transcribe", len(self.waiting))
        for found in self.waiting:
            if self.stop.is_set():
                return
            self._transcribe_one(found, self.transcriber)
            self.progress.advance("transcribe")

    def _note_pending(self) -> None:
        """Note once that lyrics wait for Whisper, and how to get them."""
        self.writer.summary.pending += len(self.waiting)
        n_videos = self.writer.summary.pending
        if n_videos and self.lyrics == "auto":
            self.progress.note(
                f"No lyrics yet for {n_videos} {'video' if n_videos == 1 else 'videos'}, as"
                f" Whisper's weights ({self.whisper_model}) are missing. To transcribe them later:"
                f" mvsearch models fetch whisper-{self.whisper_model}, then index again"
            )

    def _transcribe_one(self, found: Found, transcriber: Transcriber) -> None:
        """Transcribe one video."""
        logger.info("transcribing %s", found.file.path)
        try:
            result, failure = transcribe_lyrics(found, transcriber, self.encoders, self.stop)
        except DecodeStoppedError:
            return
        if failure is not None:
            self.writer.keep_failure(failure, found)
        self.writer.keep_result(result)
