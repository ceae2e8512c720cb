"""A worker of a run: it holds the networks, and runs the stages of one video at a time.

Ray starts it in a process of its own, on any node: here the code of a node begins.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from mvsearch.indexer.distributed.cluster import find_node
from mvsearch.indexer.distributed.recipe import Recipe, WhisperRecipe, describe, follow_recipe
from mvsearch.indexer.distributed.upload import Inbox, Piece, relocate
from mvsearch.indexer.encoders import Encoder, Encoders
from mvsearch.indexer.encoders.networks.files.weights import try_out
from mvsearch.indexer.features.encoder_pool import EncoderPool
from mvsearch.indexer.features.parallel import limit_algebra
from mvsearch.indexer.lyrics.whisper.transcribe import Transcriber
from mvsearch.indexer.media.hardware import Hardware
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.ocr.choose import open_reader
from mvsearch.indexer.ocr.reader import TextReader
from mvsearch.indexer.pipeline.analyse_jobs import run_job
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import transcribe_lyrics
from mvsearch.indexer.pipeline.lyrics.ocr_stage import read_shown_text
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions, StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.indexer.pipeline.planning.plan import Job
from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.context import naming
from mvsearch.store.observing.observers import timing
from mvsearch.store.observing.processes import observed_process
from mvsearch.store.records import Failure, Modality

Made = TypeVar("Made")
StageAndFailure = tuple[StageResult, Failure | None]


@dataclass(frozen=True, slots=True)
class Unseen:
    """A file that a node does not see as the run does.

    Attributes:
        node: its address.
        why: what it finds in its place.
    """

    node: str
    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An error that is not about one video: it ends the run. Exceptions lose their kind on the way.

    Attributes:
        message: one line.
    """

    message: str


class Worker:
    """Runs stages for a run that is elsewhere.

    Args:
        recipe: of the encoders.
        n_threads: of the networks.
        ids: of the run, for its log.
    """

    def __init__(self, recipe: Recipe, n_threads: int, ids: Mapping[str, str]) -> None:
        os.environ.setdefault("MVSEARCH_THREADS", str(n_threads))
        self._recipe = recipe
        self._inbox: Inbox | None = None
        self._hardware = Hardware()
        self._stop = threading.Event()  # never set: a run that ends kills its workers
        # As in a run without workers: the last digits of a product depend on the threads.
        limit_algebra().__enter__()
        self._observed = observed_process("worker", **ids)
        self._observed.__enter__()

    @cached_property
    def encoders(self) -> Encoders:
        """The encoders of the recipe."""
        return follow_recipe(self._recipe)

    @cached_property
    def encoder_pool(self) -> EncoderPool:
        """The threads of the encoders."""
        return EncoderPool(self.encoders, ("frames", "audio", "lyrics"), prepare=self._prepare)

    def greet(self) -> dict[str, Any]:
        """Its node, and what must be the same on all; see `recipe.describe`."""
        node = {"node": find_node()}
        try:
            return describe(self.encoders) | node
        except MvsearchError as error:
            return node | {"refused": str(error)}

    def receive(self, piece: Piece, *, is_first: bool) -> Refused | None:
        """Write a piece of the files of the next video; see `Inbox.write`."""
        if is_first:
            self._leave_inbox()
        inbox = self._inbox = self._inbox or Inbox()
        return _refuse(lambda: inbox.write(piece))

    def _leave_inbox(self) -> None:
        """Delete what was uploaded for a video that was given up."""
        if self._inbox is not None:
            with self._inbox:
                self._inbox = None

    def analyse(
        self,
        found: Found,
        lacking: tuple[Modality, ...],
        options: StageOptions,
        probe: Probe | None,
    ) -> Outcome | Unseen | Refused:
        """Run the missing stages of a file; see `run_stages`."""
        if options.analysis.hardware is not None:
            options = replace(options, analysis=replace(options.analysis, hardware=self._hardware))

        def work(file: Found) -> Outcome:
            self.encoder_pool.start()
            job = Job((file,), lacking)
            outcome = run_job(job, self.encoder_pool, options, self._stop, probe)
            assert outcome is not None
            return outcome

        return self._work_on(found, work)

    def transcribe(
        self, found: Found, whisper: WhisperRecipe
    ) -> StageAndFailure | Unseen | Refused:
        """Transcribe a file; see `transcribe_lyrics`."""

        def work(file: Found) -> StageAndFailure:
            with timing("stage", stage="transcribe"):
                return transcribe_lyrics(file, self._open_whisper(whisper), self.encoders, None)

        return self._work_on(found, work)

    def read_text(self, found: Found, max_hours: float) -> StageAndFailure | Unseen | Refused:
        """Read the text in the picture of a file; see `read_shown_text`."""

        def work(file: Found) -> StageAndFailure:
            with timing("stage", stage="ocr"):
                return read_shown_text(file, self._reader, self.encoders, None, max_hours)

        return self._work_on(found, work)

    def _work_on(self, found: Found, work: Callable[[Found], Made]) -> Made | Unseen | Refused:
        """Work on a file that was uploaded, or that lies where the run sees it."""
        with naming(video_id=found.video_id):
            return self._find_and_work_on(found, work)

    def _find_and_work_on(
        self, found: Found, work: Callable[[Found], Made]
    ) -> Made | Unseen | Refused:
        inbox, self._inbox = self._inbox, None
        if inbox is None:
            unseen = find_unseen(found)
            return unseen if unseen is not None else _refuse(lambda: work(found))
        with inbox:
            made = _refuse(lambda: work(inbox.place(found)))
            return relocate(made, inbox.folder, Path("/"))

    def _open_whisper(self, whisper: WhisperRecipe) -> Transcriber:
        """The model, which stays loaded."""
        known = self.__dict__.setdefault("whisper", {})
        if whisper not in known:
            known.clear()
            known[whisper] = Transcriber(whisper.model, whisper.language, options=whisper.options)
        transcriber: Transcriber = known[whisper]
        return transcriber

    @cached_property
    def _reader(self) -> TextReader:
        return open_reader()

    def _prepare(self, encoder: Encoder) -> None:
        """Load an encoder; with the one of lyrics, those that encode them once more."""
        try_out(encoder)
        if encoder is self.encoders.lyrics:
            for more in self.encoders.more_lyrics:
                try_out(more)


def find_unseen(found: Found) -> Unseen | None:
    """What is wrong with a file of the run here; None if it is the same file."""
    path = found.file.path
    try:
        size = path.stat().st_size
    except OSError as error:
        return Unseen(find_node(), path, error.strerror or str(error))
    if size != found.file.size:
        return Unseen(find_node(), path, f"it has {size} bytes there, and {found.file.size} here")
    return None


def _refuse(work: Callable[[], Made]) -> Made | Refused:
    """Work; an error that is not about one video becomes a value."""
    try:
        return work()
    except MvsearchError as error:
        return Refused(str(error))
