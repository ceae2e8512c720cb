"""Probes durations a little ahead of the work, to estimate the remaining time."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mvsearch.indexer.media.probe import Probe, probe_file

logger = logging.getLogger(__name__)

# Maximum number of probes held for later use; each takes a few kB.
MAX_AHEAD = 256
# Assumed cost of a file that is not decoded, in seconds of media.
UNDECODED_SECONDS = 1.0
# About three years. Larger values in a header would make the sums inexact.
MAX_SECONDS = 1e8


class DurationEstimator:
    """Probes files ahead of the analysis, in a thread of its own, and estimates the total duration.

    The analysis uses these probes, so that only damaged files, and files whose analysis starts
    first, are probed twice. It is a context manager that ends the thread.
    """

    def __init__(self, files: Mapping[Path, bool]) -> None:
        """Prepare the thread, without starting it.

        Args:
            files: the paths in the order of the work, with whether each is decoded.
        """
        self._files = files
        self._probes: dict[Path, Probe] = {}
        self._taken: set[Path] = set()
        self._left: dict[Path, float] = {
            path: UNDECODED_SECONDS for path, is_decoded in files.items() if not is_decoded
        }
        self._left_seconds = sum(self._left.values())
        self._n_known, self._known_seconds = 0, 0.0
        self._n_done, self._done_seconds = 0, 0.0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._probe_ahead, name="durations", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def take(self, path: Path) -> Probe | None:
        """Return the probe of a file whose analysis starts; None if it was not probed or failed."""
        with self._changed:
            self._taken.add(path)
            self._changed.notify_all()
            return self._probes.pop(path, None)

    def finish(self, path: Path, seconds: float) -> None:
        """Count a file as done, with its duration in seconds."""
        weight = seconds if self._files[path] else UNDECODED_SECONDS
        with self._changed:
            self._n_done += 1
            self._done_seconds += weight
            expected = self._left.pop(path, None)
            # Rounding may make the difference slightly negative.
            self._left_seconds = max(0.0, self._left_seconds - (expected or 0.0))
            if expected is None:
                self._n_known += 1
                self._known_seconds += weight

    def measure(self) -> tuple[float, float]:
        """Return the seconds of media done and in all; unknown durations are taken as the mean."""
        with self._changed:
            n_unknown = len(self._files) - self._n_done - len(self._left)
            mean = self._known_seconds / self._n_known if self._n_known else 0.0
            left = self._left_seconds + n_unknown * mean
            return self._done_seconds, self._done_seconds + left

    def _probe_ahead(self) -> None:
        """Probe the files that are decoded and whose analysis has not started."""
        for path, is_decoded in self._files.items():
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or len(self._probes) < MAX_AHEAD)
                if self._is_closed:
                    return
                if path in self._taken or not is_decoded:
                    continue
            try:
                probe = probe_file(path)
            except Exception:  # the analysis of the file reports it
                logger.debug("while probing %s", path, exc_info=True)
                continue
            with self._changed:
                self._keep(path, probe)

    def _keep(self, path: Path, probe: Probe) -> None:
        """Keep a probe for the analysis, and add its duration to the estimate."""
        if path in self._taken:
            return
        self._probes[path] = probe
        if probe.duration_seconds is not None:
            seconds = min(probe.duration_seconds, MAX_SECONDS)
            self._left[path] = seconds
            self._left_seconds += seconds
            self._n_known += 1
            self._known_seconds += seconds
