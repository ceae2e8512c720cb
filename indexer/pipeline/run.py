"""Indexes folders: runs the missing stages of each file and commits the results."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.files.languages import check_language
from mvsearch.indexer.lyrics.whisper.transcribe import Transcriber, has_weights
from mvsearch.indexer.media.files.unfinished import explain_unfinished
from mvsearch.indexer.mood.used import find_heads
from mvsearch.indexer.ocr.choose import choose_reader
from mvsearch.indexer.ocr.reader import TextReader
from mvsearch.indexer.pipeline.add_moods import add_moods
from mvsearch.indexer.pipeline.add_tempos import add_tempos
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.lyrics.add_sounds import add_sounds
from mvsearch.indexer.pipeline.lyrics.more_lyrics import add_lyric_spaces
from mvsearch.indexer.pipeline.lyrics.ocr_stage import OcrStage
from mvsearch.indexer.pipeline.lyrics.transcription import (
    WaitingVideo,
    explain_pending,
    transcribe_videos,
)
from mvsearch.indexer.pipeline.outcome import LyricsMode, Outcome, StageOptions
from mvsearch.indexer.pipeline.planning.inventory import Inventory, InventoryOptions
from mvsearch.indexer.pipeline.planning.plan import (
    Job,
    LyricsRequest,
    choose_jobs,
    list_idle_options,
)
from mvsearch.indexer.pipeline.planning.take_inventory import take_inventory, take_inventory_of
from mvsearch.indexer.pipeline.summary import Summary
from mvsearch.indexer.pipeline.writer import CatalogWriter, adopt_profile, wait_to_write
from mvsearch.indexer.progress import Progress, Silence, count_steps
from mvsearch.store.errors import CancelledError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Location


def index_paths(
    paths: Sequence[Path],
    library: Library,
    encoders: Encoders,
    options: IndexOptions = IndexOptions(),
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Summary:
    """Update a library from folders and files.

    Ctrl-C or `stop` ends the run within two seconds; finished work is kept.

    Args:
        paths: folders and media files. Nested folders are indexed once. Files that a folder no
            longer has, or that `.mvsearchignore` excludes, are removed from the library. A file
            that is named itself is indexed even if it is ignored or was removed.
        library: to update.
        encoders: of its profile.
        options: of the run.
        progress: of the run; None shows nothing.
        stop: when set, the run ends.

    Returns:
        The summary of the run.

    Raises:
        MvsearchError: a path does not exist or is not a media file, the library is busy or has
            other encoders, or weights are missing.
    """
    if not paths:
        raise MvsearchError("name a folder or a file to index")
    # Paths are stored and shown in this form, without "..".
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
    """Update a library from another one, so that both have the same videos.

    Args:
        wanted: locations of the other library. Other videos are removed from this library.
        library: to update.
        encoders: of its profile.
        options: of the run.
        progress: of the run; None shows nothing.
        stop: when set, the run ends; finished work is kept.

    Returns:
        The summary of the run.

    Raises:
        MvsearchError: the library is busy or has other encoders, or weights are missing.
    """
    run = _Run((), wanted, library, encoders, options, progress or Silence(), stop)
    return run.complete(library)


class _Run:
    """One run over paths, or over the locations of another library."""

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
        self.heads = find_heads(library.files)
        self.options = options
        self.progress = progress
        self.stop = stop or threading.Event()
        self.writer = CatalogWriter(library.catalog)
        self.whisper_model = options.whisper_model or encoders.profile.whisper_model
        self.lyrics: LyricsMode = options.lyrics  # others only without Whisper's weights
        if self.lyrics == "auto" and encoders.profile.prefers_transcription:
            self.lyrics = "whisper" if has_weights(self.whisper_model) else "auto"
        self.transcriber: Transcriber | None = None
        self.reader: TextReader | None = None
        self.waiting: list[WaitingVideo] = []

    def complete(self, library: Library) -> Summary:
        """Run all stages and return the summary."""
        start = time.monotonic()
        with wait_to_write(library, self.options.wait_seconds, self.progress):
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
        """Raise MvsearchError before any work if something is missing or does not fit."""
        mode, options = self.lyrics, self.options
        check_language(options.language)
        if mode == "whisper" or (mode == "auto" and has_weights(self.whisper_model)):
            self.transcriber = Transcriber(
                self.whisper_model, options.language, mode == "whisper", options.transcription
            )
        spaces = self.encoders.spaces()
        has_text = any(space.modality == "ocr" for space in self.catalog.spaces())
        if options.ocr or (has_text and options.ocr is None):
            self.reader = choose_reader(is_needed=options.ocr is True, progress=self.progress)
        if self.reader is not None:
            spaces += self.encoders.ocr.spaces
        adopt_profile(self.catalog, self.encoders.name, spaces, self.progress)

    def work(self) -> None:
        """Run the inventory, the analysis and the transcription."""
        inventory = self._take_inventory()
        self.writer.summary.is_empty = inventory.is_empty and not self.stop.is_set()
        self.writer.keep_inventory(inventory)
        if not inventory.is_empty:
            for folder in inventory.empty:
                self.progress.note(f"{folder} has no video and no sound file")
        request = LyricsRequest(self.lyrics, self.whisper_model, self.transcriber is not None)
        asked = self.options
        chosen = choose_jobs(
            inventory, self.catalog, self.encoders, request, asked.analysis.decoded
        )
        idle = list_idle_options(asked.analysis, asked.transcription, asked.language)
        for line in chosen.explain(idle):
            self.progress.note(line)
        self.writer.summary.unchanged = chosen.n_unchanged
        self.writer.summary.pending = chosen.n_waiting
        if chosen.jobs:
            self._analyse(chosen.jobs)
        # After the analysis, as absent files may have moved, and their videos have new locations.
        self._forget(inventory)
        if not self.stop.is_set():
            add_lyric_spaces(self.catalog, self.encoders, self.progress, self.stop)
            add_moods(self.catalog, self.heads, self.progress, self.stop)
            add_tempos(self.catalog, self.progress, self.stop)
            self._read_text(inventory)
            self._transcribe()
        if not self.stop.is_set():
            add_sounds(self.catalog, self.progress, self.stop)
        if self.writer.summary.unfinished:
            self.progress.note(explain_unfinished(self.writer.summary.unfinished))

    def _read_text(self, inventory: Inventory) -> None:
        """Read the text in the picture; it may become the lyrics of videos, or be so no longer."""
        if self.reader is None:
            return
        read = self.options.executor.read_text
        stage = OcrStage(self.reader, self.encoders, self.writer, self.progress, self.stop, read)
        files = stage.read(inventory, self.options.analysis.max_hours)
        if self.lyrics not in ("off", "whisper"):
            self.waiting = stage.take_lyrics(files, self.waiting)

    def _take_inventory(self) -> Inventory:
        """Compare all files with the catalogue."""
        asked, count = self.options, count_steps(self.progress, "scan", "files")
        options = InventoryOptions(
            asked.is_recursive, asked.has_retry, asked.has_removed, asked.settle_seconds
        )
        if self.wanted is None:
            return take_inventory(self.places, self.catalog, options, on_file=count, stop=self.stop)
        self.writer.forget_others({location.video_id for location in self.wanted})
        return take_inventory_of(self.wanted, self.catalog, options, on_file=count, stop=self.stop)

    def _forget(self, inventory: Inventory) -> None:
        """Remove the entries of absent files, except in folders whose drive may be missing."""
        if self.stop.is_set():
            return
        if inventory.missing:
            self.writer.summary.missing = len(inventory.missing)
            self.progress.note(
                f"{len(inventory.missing)} files that the library knows are missing here, more than"
                " are left or in folders that cannot be read, so they are kept. If they are really"
                " gone: mvsearch remove --missing"
            )
        self.writer.forget(inventory.gone, inventory.resolved)

    def _analyse(self, jobs: list[Job]) -> None:
        """Analyse files in parallel and store each outcome in this thread."""
        asked = self.options
        analysis = replace(asked.analysis, has_stills=True)
        asked.executor.analyse(
            jobs,
            self.encoders,
            StageOptions(self.lyrics, asked.language, analysis, self.heads),
            self._keep,
            n_workers=asked.workers,
            progress=self.progress,
            stop=self.stop,
        )

    def _keep(self, job: Job, outcome: Outcome) -> None:
        """Store an outcome, and the file alone if it waits for Whisper."""
        if self.writer.keep_if_whole(job.files, outcome) and outcome.needs_transcription:
            # Not the outcome: it holds the vectors of a whole video.
            seconds = outcome.video.duration_seconds if outcome.video is not None else 0.0
            self.waiting.append(WaitingVideo(outcome.found, seconds))

    def _transcribe(self) -> None:
        """Transcribe the videos without lyrics of other sources, or note that they wait."""
        if self.transcriber is not None:
            transcribe_videos(
                self.waiting, self.transcriber, self.encoders, self.writer, self.progress,
                self.stop, self.options.executor.transcribe,
            )  # fmt: skip
            return
        self.writer.summary.pending += len(self.waiting)
        n_videos = self.writer.summary.pending
        if n_videos and self.lyrics in ("auto", "later"):
            missing = self.whisper_model if self.lyrics == "auto" else None
            self.progress.note(explain_pending(n_videos, missing))
