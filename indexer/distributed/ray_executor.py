"""Runs the stages of files on a Ray cluster: a video is a task, and an actor holds the networks."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mvsearch.indexer.distributed.address import ClusterAddress
from mvsearch.indexer.distributed.cluster import ClusterError, connecting
from mvsearch.indexer.distributed.pool import (
    MAX_LOSSES,
    Lost,
    Steps,
    Task,
    Workers,
    explaining_loss,
)
from mvsearch.indexer.distributed.recipe import Recipe, WhisperRecipe, describe, write_recipe
from mvsearch.indexer.distributed.sizes import choose_sizes
from mvsearch.indexer.distributed.upload import cut_pieces
from mvsearch.indexer.distributed.worker import Unseen, Worker
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.whisper.transcribe import Transcriber
from mvsearch.indexer.media.files.content import explain_error
from mvsearch.indexer.media.files.unfinished import has_changed
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.ocr.reader import TextReader
from mvsearch.indexer.pipeline.analyse_jobs import report
from mvsearch.indexer.pipeline.durations import DurationEstimator
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import failed_transcription
from mvsearch.indexer.pipeline.lyrics.ocr_stage import failed_reading
from mvsearch.indexer.pipeline.lyrics.transcription import WaitingVideo
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions, StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.indexer.pipeline.planning.plan import Job
from mvsearch.indexer.progress import Progress
from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.context import named, naming
from mvsearch.store.observing.observers import tell
from mvsearch.store.records import Failure

logger = logging.getLogger(__name__)

MAX_RESERVED = 1024.0


@dataclass(frozen=True, slots=True)
class RayOptions:
    """How a run uses a cluster.

    Attributes:
        n_workers: videos at once, in all nodes; None for as many as fit.
        cpus, gpus: that each worker reserves; see `choose_sizes`.
        has_upload: whether files are sent to the nodes, which do not share their folder.
    """

    n_workers: int | None = None
    cpus: float | None = None
    gpus: float = 0.0
    has_upload: bool = False

    def __post_init__(self) -> None:
        """Raise MvsearchError for a number that no node can have."""
        if self.cpus is not None and not 0 < self.cpus <= MAX_RESERVED:
            raise MvsearchError(f"a worker cannot reserve {self.cpus:g} processors")
        if not 0 <= self.gpus <= MAX_RESERVED:
            raise MvsearchError(f"a worker cannot reserve {self.gpus:g} GPUs")


class RayExecutor:
    """The executor of a cluster; it connects when there is the first work.

    Args:
        address: of the cluster.
        options: how it is used.
    """

    def __init__(self, address: ClusterAddress, options: RayOptions = RayOptions()) -> None:
        self._address = address
        self._options = options
        self._stack = ExitStack()
        self._workers: Workers | None = None
        self._ray: Any = None
        self._note: Callable[[str], None] = logger.info

    def close(self) -> None:
        """End the workers, and the cluster where it was started for this run."""
        self._stack.close()
        self._workers = None

    def analyse(
        self,
        jobs: Sequence[Job],
        encoders: Encoders,
        options: StageOptions,
        keep: Callable[[Job, Outcome], None],
        *,
        n_workers: int | None,
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        """Run the missing stages of files; see `Executor`.

        Raises:
            ClusterError: the cluster cannot be used, is gone, or does not see a file.
            MvsearchError: a program or weights are missing on a node.
        """
        if n_workers is not None:
            self._options = replace(self._options, n_workers=n_workers)
        self._note = progress.note
        workers = self._start(encoders, stop, progress)
        given = self._ray.put(options)
        files = {job.files[0].file.path: bool(set(job.lacking) - {"lyrics"}) for job in jobs}
        with DurationEstimator(files) as durations:
            progress.begin("analyse", len(jobs))

            def begin(job: Job, worker: Any) -> Steps:
                found = job.files[0]
                probe = durations.take(found.file.path)
                ask = partial(worker.analyse.remote, found, job.lacking, given, probe)
                return self._ask(worker, found, ask)

            tasks = [Task(job, partial(begin, job)) for job in jobs]
            tell("queue", len(jobs), stage="analyse")
            for at, (job, value) in enumerate(workers.run(tasks, stop.is_set), 1):
                tell("queue", len(jobs) - at, stage="analyse")
                failure = find_failure(job.files[0], value, "decode")
                outcome = value
                if failure is not None:
                    outcome = Outcome(job.files[0], None, failures=(failure,))
                with naming(video_id=job.files[0].video_id):
                    keep(job, outcome)
                    report(job, outcome, durations, progress)

    def transcribe(
        self,
        waiting: Sequence[WaitingVideo],
        transcriber: Transcriber,
        encoders: Encoders,
        stop: threading.Event,
    ) -> Iterator[tuple[WaitingVideo, StageResult, Failure | None]]:
        """Transcribe videos, several at once; see `Executor`."""
        workers = self._start(encoders, stop)
        whisper = WhisperRecipe(transcriber.model_name, transcriber.language, transcriber.options)

        def begin(found: Found, worker: Any) -> Steps:
            return self._ask(worker, found, partial(worker.transcribe.remote, found, whisper))

        tasks = [Task(video, partial(begin, video.found)) for video in waiting]
        for video, value in workers.run(tasks, stop.is_set):
            failure = find_failure(video.found, value, "lyrics")
            if failure is not None:
                value = failed_transcription(video.found, transcriber, encoders), failure
            yield video, *value

    def read_text(
        self,
        files: Sequence[Found],
        reader: TextReader,
        encoders: Encoders,
        stop: threading.Event,
        max_hours: float,
        probe: Callable[[Path], Probe],
    ) -> Iterator[tuple[Found, StageResult, Failure | None]]:
        """Read the text that videos show, several at once; see `Executor`."""
        workers = self._start(encoders, stop)

        def begin(found: Found, worker: Any) -> Steps:
            return self._ask(worker, found, partial(worker.read_text.remote, found, max_hours))

        tasks = [Task(found, partial(begin, found)) for found in files]
        for found, value in workers.run(tasks, stop.is_set):
            failure = find_failure(found, value, "ocr")
            if failure is not None:
                value = failed_reading(found, reader, encoders, failure.message), failure
            yield found, *value

    def _ask(self, worker: Any, found: Found, ask: Callable[[], Any]) -> Steps:
        """The steps of one video: its files are sent if nodes do not see them, then it is asked."""
        if self._options.has_upload:
            try:
                for n, piece in enumerate(cut_pieces(found)):
                    yield worker.receive.remote(self._ray.put(piece), is_first=n == 0)
            except OSError as error:
                return Failure(found.file.path, "probe", "unreadable", explain_error(error))
        return (yield ask())

    def _start(
        self, encoders: Encoders, stop: threading.Event, progress: Progress | None = None
    ) -> Workers:
        """Connect, and start the workers, at the first work of a run."""
        if self._workers is not None:
            return self._workers
        recipe, own = write_recipe(encoders), describe(encoders)
        self._ray = ray = self._stack.enter_context(connecting(self._address))
        with explaining_loss(ray):
            workers = self._make_workers(recipe, own)
            if progress is not None:
                progress.begin("prepare", workers.n_workers, "workers")
            told = (lambda: None) if progress is None else partial(progress.advance, "prepare")
            workers.start(told, stop.is_set)
        self._workers = workers
        return workers

    def _make_workers(self, recipe: Recipe, own: dict[str, Any]) -> Workers:
        """The workers, which Ray spreads over the nodes."""
        ray, asked = self._ray, self._options
        alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        sizes = choose_sizes(alive, asked.n_workers, asked.cpus, asked.gpus)
        kind = ray.remote(
            num_cpus=sizes.cpus,
            num_gpus=sizes.gpus,
            # A worker starts again by itself; what it worked on is given to the next one here.
            max_restarts=-1,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )(Worker)
        make = partial(kind.remote, recipe, sizes.n_threads, dict(named()))
        return Workers(ray, make, sizes.n_workers, own, self._note)


def find_failure(found: Found, value: Any, stage: str) -> Failure | None:
    """The failure that a result is; None if it is none.

    Raises:
        ClusterError: a node does not see a file that is here.
    """
    path = found.file.path
    if isinstance(value, Failure):
        return replace(value, stage=stage)
    if isinstance(value, Lost):
        where = f", the last time on node {value.node}" if value.node else ""
        why = f"it ended its worker {MAX_LOSSES} times{where}"
        return Failure(path, stage, "internal", why)
    if not isinstance(value, Unseen):
        return None
    if not path.exists():
        return Failure(path, stage, "unreadable", explain_error(FileNotFoundError()))
    if has_changed(path, found.file.size, found.file.mtime_ns):
        return Failure(path, stage, "unreadable", "it changed while it was indexed")
    raise ClusterError(
        f"node {value.node} does not see {path} as this machine does ({value.why}): let all nodes"
        " have its folder under the same path, or index with --upload"
    )
