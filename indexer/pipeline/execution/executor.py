"""The protocol of what runs the stages of files: threads of this process, or a cluster."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions, StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.indexer.progress import Progress
from mvsearch.store.records import Failure

if TYPE_CHECKING:
    from mvsearch.indexer.lyrics.whisper.transcribe import Transcriber
    from mvsearch.indexer.media.probe import Probe
    from mvsearch.indexer.ocr.reader import TextReader
    from mvsearch.indexer.pipeline.lyrics.transcription import WaitingVideo
    from mvsearch.indexer.pipeline.planning.plan import Job


class Executor(Protocol):
    """Runs the stages of files; whoever calls it writes the results, in the calling thread."""

    def analyse(
        self,
        jobs: "Sequence[Job]",
        encoders: Encoders,
        options: StageOptions,
        keep: "Callable[[Job, Outcome], None]",
        *,
        n_workers: int | None,
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        """Run the missing stages of files; see `analyse_jobs`."""

    def transcribe(
        self,
        waiting: "Sequence[WaitingVideo]",
        transcriber: "Transcriber",
        encoders: Encoders,
        stop: threading.Event,
    ) -> "Iterator[tuple[WaitingVideo, StageResult, Failure | None]]":
        """Transcribe videos, and yield each when it is done; ends early once `stop` is set."""

    def read_text(
        self,
        files: Sequence[Found],
        reader: "TextReader",
        encoders: Encoders,
        stop: threading.Event,
        max_hours: float,
        probe: "Callable[[Path], Probe]",
    ) -> Iterator[tuple[Found, StageResult, Failure | None]]:
        """Read the text that videos show, likewise; `probe` knows what was probed already."""

    def close(self) -> None:
        """End what was started for the run."""
