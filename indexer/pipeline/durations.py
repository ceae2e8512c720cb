"""Probes durations a little ahead of the work, to estimate the remaining time."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mvsearch.indexer.media.probe import Probe, probe_file

logger = logging.getLogger(__name__)

# Probes that wait for their file to be worked on; each is a few kB.
MAX_AHEAD = 256
# What a file costs that is not decoded, in seconds of media.
LOOK_UP_SECONDS = 1.0
# A header may claim more (three years), in which the other files would be lost by rounding.
MAX_SECONDS = 1e8


class Lengths:
    """Probes files in the order of the work, in a thread of its own; each probe is used there.

    So nothing is probed twice, but for files that are broken or just about to be worked on. Use it
    in a `with`: its thread ends with it.
    """

    def __init__(self, files: Mapping[Path, bool]) -> None:
        """Take the files to work on.

        Args:
            files: by path, in order, whether each is decoded.
        """
        self._files = files
        self._probes: dict[Path, Probe] = {}
        self._taken: set[Path] = set()
        self._left: dict[Path, float] = {
            path: LOOK_UP_SECONDS for path, is_decoded in files.items() if not is_decoded
        }
        self._left_seconds = sum(self._left.values())
        self._n_known, self._known_seconds = 0, 0.0
        self._n_done, self._done_seconds = 0, 0.0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._look_ahead, name="lengths", daemon=True)

    def __enter__(self) -> Self:
        """Begin to look ahead."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no further."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def take(self, path: Path) -> Probe | None:
        """The probe of a file that is worked on now; None where it was not reached, or is bad."""
        with self._changed:
            self._taken.add(path)
            self._changed.notify_all()
            return self._probes.pop(path, None)

    def finish(self, path: Path, seconds: float) -> None:
        """A file is done; it was so long."""
        weight = seconds if self._files[path] else LOOK_UP_SECONDS
        with self._changed:
            self._n_done += 1
            self._done_seconds += weight
            expected = self._left.pop(path, None)
            # Sums of rounded numbers may end a little below nothing.
            self._left_seconds = max(0.0, self._left_seconds - (expected or 0.0))
            if expected is None:
                self._n_known += 1
                self._known_seconds += weight

    def measure(self) -> tuple[float, float]:
        """Seconds of media that are done, and in all; what is not known yet is like the others."""
        with self._changed:
            n_unknown = len(self._files) - self._n_done - len(self._left)
            mean = self._known_seconds / self._n_known if self._n_known else 0.0
            left = self._left_seconds + n_unknown * mean
            return self._done_seconds, self._done_seconds + left

    def _look_ahead(self) -> None:
        """Probe what is decoded and not yet worked on."""
        for path, is_decoded in self._files.items():
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or len(self._probes) < MAX_AHEAD)
                if self._is_closed:
                    return
                if path in self._taken or not is_decoded:
                    continue
            try:
                probe = probe_file(path)
            except Exception:  # who works on the file meets it too, and tells it
                logger.debug("while probing %s", path, exc_info=True)
                continue
            with self._changed:
                self._keep(path, probe)

    def _keep(self, path: Path, probe: Probe) -> None:
        """Keep a probe for the work, and the length for the account."""
        if path in self._taken:
            return
        self._probes[path] = probe
        if probe.duration_seconds is not None:
            seconds = min(probe.duration_seconds, MAX_SECONDS)
            self._left[path] = seconds
            self._left_seconds += seconds
            self._n_known += 1
            self._known_seconds += seconds
