"""What a run leaves on the machine, and whom it asks: nothing but library, cache and results."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mvsearch.store.telemetry import SWITCHES
from tests import media

ROOT = Path(__file__).parents[1]
# By importing one of these, strangers come to run a library that reports.
ENTRIES = (
    "cli",
    "mvsearch.indexer.encoders.networks.runtime",
    "mvsearch.indexer.encoders.networks.files.downloads",
    "mvsearch.search.engine",
)

LAST_RESULTS = Path(".local/state/mvsearch/last-results.json")


def _make_environment(home: Path) -> dict[str, str]:
    """That of a user whose home, temporary and data folders are all below `home`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in SWITCHES and not name.startswith("XDG_")
    }
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    places = {"HOME": home, "TMPDIR": home / "tmp", "MVSEARCH_LIBRARY": home / "library"}
    return kept | {name: str(place) for name, place in places.items()}


def _list_left(home: Path) -> list[str]:
    """The files below a home that are neither in library or cache nor the last results."""
    ours = (home / "library", home / ".cache" / "mvsearch", home / LAST_RESULTS)
    found = (path for path in home.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not any(path.is_relative_to(o) for o in ours))


def _can_trace() -> bool:
    """Whether strace is there and may look at a process."""
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(["strace", "-qq", "true"], capture_output=True, check=False).returncode == 0
    )


def _run(home: Path, trace: Path, *words: object) -> None:
    """Run a command; its calls to a network are added to `trace` where strace may look."""
    command = [sys.executable, "-m", "mvsearch.cli", *map(str, words)]
    if _can_trace():
        calls = "trace=connect,sendto,sendmsg,sendmmsg"
        command = ["strace", "-f", "-qq", "-A", "-e", calls, "-o", str(trace), *command]
    environment = _make_environment(home)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_index_and_search_write_nothing_elsewhere_and_ask_nobody(tmp_path: Path) -> None:
    home, videos = tmp_path / "home", tmp_path / "videos"
    videos.mkdir()
    media.make_pattern(videos / "a.mp4", 3, tone_hertz=440)
    (videos / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\na line to find\n")
    trace = tmp_path / "trace"
    _run(home, trace, "index", videos)
    _run(home, trace, "search", "--lyric", "a line")
    assert _list_left(home) == []
    if trace.exists():
        assert [line for line in trace.read_text().splitlines() if "AF_INET" in line] == []


@pytest.mark.parametrize("entry", ENTRIES)
def test_reports_are_off_before_a_library_could_be_imported(entry: str) -> None:
    code = (
        f"import os, sys; import {entry}; from mvsearch.store.telemetry import SWITCHES\n"
        "assert SWITCHES.items() <= os.environ.items()\n"
        "assert not {'onnxruntime', 'huggingface_hub', 'transformers'} & set(sys.modules)"
    )
    environment = os.environ | dict.fromkeys(SWITCHES, "0")
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_the_hub_takes_the_switch() -> None:
    code = (
        "import mvsearch.store; from huggingface_hub import constants\n"
        "assert constants.HF_HUB_DISABLE_TELEMETRY"
    )
    environment = os.environ | dict.fromkeys(SWITCHES, "0")
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
