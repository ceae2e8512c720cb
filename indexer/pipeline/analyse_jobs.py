"""Analyses the files of a run in parallel threads, and reports the progress."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import partial

from mvsearch.indexer.encoders import Encoder, Encoders
from mvsearch.indexer.encoders.networks.files.weights import try_out
from mvsearch.indexer.features.encoder_pool import EncoderPool
from mvsearch.indexer.features.parallel import map_in_threads
from mvsearch.indexer.media.decoding.frames import DecodeStoppedError
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.pipeline.durations import DurationEstimator
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions
from mvsearch.indexer.pipeline.planning.plan import Job
from mvsearch.indexer.pipeline.stages import run_stages
from mvsearch.indexer.progress import Progress
from mvsearch.store.errors import MediaError, MvsearchError
from mvsearch.store.observing.context import naming
from mvsearch.store.observing.observers import tell, timing
from mvsearch.store.records import Failure

logger = logging.getLogger(__name__)

# In addition to the files being decoded: one that starts, and one whose last frames are encoded.
N_FILES_AHEAD = 2


def analyse_jobs(
    jobs: Sequence[Job],
    encoders: Encoders,
    options: StageOptions,
    keep: Callable[[Job, Outcome], None],
    *,
    n_workers: int | None = None,
    progress: Progress,
    stop: threading.Event,
) -> None:
    """Run the missing stages of files.

    A file that fails has an outcome with the failure; the others are not affected.

    Args:
        jobs: the files with their missing stages.
        encoders: of the profile.
        options: of the stages.
        keep: called in this thread with each outcome, in the order of completion.
        n_workers: number of files decoded in parallel; None for half the number of cores.
        progress: of the stages "prepare" (loading encoders) and "analyse".
        stop: when set, no job is started and running ones end without an outcome.

    Raises:
        MvsearchError: a program or weights are missing.
    """
    n_workers = n_workers or max(2, (os.cpu_count() or 1) // 2)
    needed = sorted({stage for job in jobs for stage in job.lacking})
    files = {job.files[0].file.path: bool(set(job.lacking) - {"lyrics"}) for job in jobs}
    with (
        DurationEstimator(files) as durations,
        EncoderPool(
            encoders, needed, n_decoders=n_workers, prepare=partial(_prepare, progress, encoders)
        ) as encoder_pool,
    ):
        _begin(len(jobs), encoder_pool, progress)

        def run(job: Job) -> tuple[Job, Outcome | None]:
            probe = durations.take(job.files[0].file.path)
            return job, run_job(job, encoder_pool, options, stop, probe)

        n_waiting = len(jobs)
        tell("queue", n_waiting, stage="analyse")
        for job, outcome in map_in_threads(run, jobs, n_workers + N_FILES_AHEAD, stop):
            n_waiting -= 1
            tell("queue", n_waiting, stage="analyse")
            if outcome is None:
                continue
            with naming(video_id=job.files[0].video_id):
                keep(job, outcome)
                report(job, outcome, durations, progress)


def _begin(n_jobs: int, encoder_pool: EncoderPool, progress: Progress) -> None:
    """Begin the stages of the progress, and load the encoders in their threads."""
    if encoder_pool.n_encoders:
        progress.begin("prepare", encoder_pool.n_encoders, "encoders")
    progress.begin("analyse", n_jobs)
    encoder_pool.start()


def _prepare(progress: Progress, encoders: Encoders, encoder: Encoder) -> None:
    """Load an encoder; the first use exports its network, which takes seconds.

    With the one of lyrics, those that encode them once more are loaded.
    """
    try_out(encoder)
    if encoder is encoders.lyrics:
        for more in encoders.more_lyrics:
            try_out(more)
    progress.advance("prepare")


def report(job: Job, outcome: Outcome, durations: DurationEstimator, progress: Progress) -> None:
    """Report that a file is done, and the remaining duration of all files."""
    path = job.files[0].file.path
    logger.info("analysed %s", path)
    durations.finish(path, outcome.video.duration_seconds if outcome.video else 0.0)
    progress.measure("analyse", *durations.measure())
    progress.advance("analyse")


def run_job(
    job: Job,
    encoder_pool: EncoderPool,
    options: StageOptions,
    stop: threading.Event,
    probe: Probe | None,
) -> Outcome | None:
    """Run the stages of one file; None if the run was stopped."""
    file = job.files[0]
    try:
        with naming(video_id=file.video_id), timing("stage", stage="analyse"):
            return run_stages(file, job.lacking, encoder_pool, options, stop, probe)
    except DecodeStoppedError:
        return None
    except MediaError as error:
        code, reason = error.code, str(error)
    except MvsearchError:  # Not about this file: a program or weights are missing.
        raise
    except Exception as error:  # An unexpected error in one file must not end the run.
        logger.debug("while working on %s", file.file.path, exc_info=True)
        code, reason = "internal", f"{type(error).__name__}: {error}".splitlines()[0]
    return Outcome(file, None, failures=(Failure(file.file.path, "decode", code, reason),))
