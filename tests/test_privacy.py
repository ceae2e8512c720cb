"""What a run leaves on the machine, and whom it asks; `test_package` looks at a run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mvsearch.store.telemetry import SWITCHES

ROOT = Path(__file__).parents[1]
# By importing one of these, strangers come to run a library that reports.
ENTRIES = (
    "cli",
    "mvsearch.indexer.encoders.networks.runtime",
    "mvsearch.indexer.encoders.networks.files.downloads",
    "mvsearch.search.engine",
)

LAST_RESULTS = Path(".local/state/mvsearch/last-results.json")


def make_environment(home: Path) -> dict[str, str]:
    """That of a user whose home, temporary and data folders are all below `home`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in SWITCHES and not name.startswith("XDG_")
    }
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    places = {"HOME": home, "TMPDIR": home / "tmp", "MVSEARCH_LIBRARY": home / "library"}
    return kept | {name: str(place) for name, place in places.items()}


def list_left(home: Path) -> list[str]:
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


def trace_network(trace: Path) -> list[str]:
    """What a command begins with for its calls to a network to be in a file, where that may be."""
    calls = "trace=connect,sendto,sendmsg,sendmmsg"
    words = ["strace", "-f", "--seccomp-bpf", "-qq", "-A", "-e", calls, "-o", str(trace)]
    return words if _can_trace() else []


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
