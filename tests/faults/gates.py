"""A decoder that waits for a file, so that something can happen in the middle of an index run."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.limits import HANG_SECONDS


class Gate:
    """An ffmpeg that begins, and decodes a file only once it may.

    Args:
        folder: is made, and holds it.
        name: in the names of files that wait.
    """

    def __init__(self, folder: Path, name: str = "Second") -> None:
        self._begun, self._open = folder / "begun", folder / "open"
        program = folder / "programs" / "ffmpeg"
        program.parent.mkdir(parents=True)
        program.write_text(
            f'#!/bin/sh\ncase "$*" in *{name}*)\n'
            f'touch "{self._begun}"; while [ ! -e "{self._open}" ]; do sleep 0.05; done;; esac\n'
            f'exec "{shutil.which("ffmpeg")}" "$@"\n'
        )
        program.chmod(0o755)
        self.path = f"{program.parent}:{os.environ['PATH']}"

    def wait(self, run: "subprocess.Popen[str]") -> None:
        """Wait until a run has come to such a file."""
        until = time.monotonic() + HANG_SECONDS
        while not self._begun.exists():
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < until, "the decoder was never started"
            time.sleep(0.02)

    def open(self) -> None:
        """Let it decode."""
        self._open.touch()


def finish(run: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """The exit code of a run, and what it wrote."""
    out, err = run.communicate(timeout=2 * HANG_SECONDS)
    return run.returncode, out, err
