"""Chooses hardware decoders that work on this machine and are faster than software."""

import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from mvsearch.indexer.media.decoding.graph import build_trial
from mvsearch.indexer.media.decoding.types import DecodeOptions
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.media.programs import find_program, run_program
from mvsearch.store.errors import MediaError

# ffmpeg's names of the methods, with their device files. A method without any of these files is not
# tried, so that a machine without hardware loses no time.
DEVICE_FILES: dict[str, tuple[str, ...]] = {
    "cuda": ("/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg"),
    "qsv": ("/dev/dri/renderD128", "/dev/dri/renderD129"),
    "vaapi": ("/dev/dri/renderD128", "/dev/dri/renderD129"),
}
SYSTEM_METHODS: dict[str, tuple[str, ...]] = {
    "darwin": ("videotoolbox",),
    "win32": ("cuda", "qsv", "d3d11va"),
}
# Minimum speed-up. Less is noise, or ffmpeg has fallen back to software.
LEAST_GAIN = 1.25
TRIAL_TIMEOUT_SECONDS = 60.0


def list_methods() -> tuple[str, ...]:
    """List the methods that ffmpeg supports and whose device files exist."""
    present = SYSTEM_METHODS.get(sys.platform) or tuple(
        name for name, files in DEVICE_FILES.items() if any(Path(file).exists() for file in files)
    )
    offered = _list_offered() if present else frozenset[str]()
    return tuple(name for name in present if name in offered)


class Hardware:
    """Chooses the method of each codec by one trial in a run; a failure ends its use."""

    def __init__(self, list_methods: Callable[[], tuple[str, ...]] = list_methods) -> None:
        self._list_methods = list_methods
        self._methods: tuple[str, ...] | None = None
        self._chosen: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["Hardware"], tuple[Callable[[], tuple[str, ...]]]]:
        """In another process it tries out that machine's decoders."""
        return Hardware, (self._list_methods,)

    def choose(self, path: Path, probe: Probe, options: DecodeOptions) -> str | None:
        """Return the method to decode a file with; None for software.

        The first file of each codec is decoded for `TRIAL_SECONDS` with every method.
        """
        # Decoding a few key frames takes less time than opening a device.
        if probe.picture is None or not options.wants_picture or options.decoded == "key":
            return None
        with self._lock:
            if self._methods is None:
                self._methods = self._list_methods()
            codec = probe.picture.codec
            if codec not in self._chosen and self._methods:
                self._chosen[codec] = self._try_out(path, probe, options)
            return self._chosen.get(codec)

    def give_up(self, probe: Probe) -> None:
        """Decode the codec of a file in software from now on."""
        if probe.picture is not None:
            with self._lock:
                self._chosen[probe.picture.codec] = None

    def _try_out(self, path: Path, probe: Probe, options: DecodeOptions) -> str | None:
        """Return the fastest method without errors, if it is `LEAST_GAIN` as fast as software."""
        software = _time_trial(path, probe, options, None)
        if software is None:
            return None
        seconds = {
            name: taken
            for name in self._methods or ()
            if (taken := _time_trial(path, probe, options, name)) is not None
        }
        best = min(seconds, key=seconds.__getitem__, default=None)
        return best if best is not None and seconds[best] * LEAST_GAIN <= software else None


@cache
def _list_offered() -> frozenset[str]:
    """Return the methods that the installed ffmpeg was built with."""
    command = [find_program("ffmpeg"), "-nostdin", "-hide_banner", "-hwaccels"]
    lines = run_program(command, 20.0).stdout.decode(errors="replace").splitlines()
    return frozenset(line.strip() for line in lines[1:] if line.strip())


def _time_trial(
    path: Path, probe: Probe, options: DecodeOptions, hardware: str | None
) -> float | None:
    """Measure the seconds to decode the start of a file; None if it fails."""
    began = time.perf_counter()
    try:
        done = run_program(build_trial(path, probe, options, hardware), TRIAL_TIMEOUT_SECONDS)
    except MediaError:
        return None
    is_good = done.returncode == 0 and not done.stderr.strip()
    return time.perf_counter() - began if is_good else None
