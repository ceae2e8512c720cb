"""A light installation, played by forbidding what it lacks; `test_package` indexes with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mvsearch.store.distribution import LEFT_OUT

# torchvision is there, for a list that one of its files holds; it cannot be imported without torch.
FORBIDDEN = sorted(LEFT_OUT - {"torchvision"})


def run_code(home: Path, code: str, *words: object) -> subprocess.CompletedProcess[str]:
    forbid = f"import sys; sys.modules.update(dict.fromkeys({FORBIDDEN!r}))\n"
    places = {"MVSEARCH_MODELS": home / "models", "MVSEARCH_LIBRARY": home / "library"}
    return subprocess.run(
        [sys.executable, "-c", forbid + code, *map(str, words)],
        cwd=home,
        env=os.environ | {name: str(place) for name, place in places.items()},
        capture_output=True,
        text=True,
        check=False,
    )


def run(home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    code = "from mvsearch import cli; sys.argv[0] = 'mvsearch'; cli.main()"
    return run_code(home, code, *words)


def test_what_needs_more_says_so_in_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "models", "fetch", "whisper-tiny")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "whisper is not installed, which this needs; type: pip install " in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("whisper_packages")
def test_whisper_runs_by_faster_whisper_alone(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    done = run(tmp_path, "models", "check", "whisper-base")
    assert done.returncode == 0, done.stderr
    assert "run by faster-whisper" in "".join(done.stdout.split("\n"))
