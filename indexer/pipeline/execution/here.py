"""Runs the stages of files in threads of this process."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.whisper.transcribe import Transcriber
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.ocr.reader import TextReader
from mvsearch.indexer.pipeline.analyse_jobs import analyse_jobs
from mvsearch.indexer.pipeline.lyrics.ocr_stage import read_in_turn
from mvsearch.indexer.pipeline.lyrics.transcription import WaitingVideo, transcribe_in_turn
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions, StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.indexer.pipeline.planning.plan import Job
from mvsearch.indexer.progress import Progress
from mvsearch.store.records import Failure


class Here:
    """The executor of this process: files in parallel threads, transcriptions one by one."""

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
        """See `analyse_jobs`."""
        analyse_jobs(
            jobs, encoders, options, keep, n_workers=n_workers, progress=progress, stop=stop
        )

    def transcribe(
        self,
        waiting: Sequence[WaitingVideo],
        transcriber: Transcriber,
        encoders: Encoders,
        stop: threading.Event,
    ) -> Iterator[tuple[WaitingVideo, StageResult, Failure | None]]:
        """See `transcribe_in_turn`."""
        return transcribe_in_turn(waiting, transcriber, encoders, stop)

    def read_text(
        self,
        files: Sequence[Found],
        reader: TextReader,
        encoders: Encoders,
        stop: threading.Event,
        max_hours: float,
        probe: Callable[[Path], Probe],
    ) -> Iterator[tuple[Found, StageResult, Failure | None]]:
        """See `read_in_turn`."""
        return read_in_turn(files, reader, encoders, stop, max_hours, probe)

    def close(self) -> None:
        """Nothing to end."""
