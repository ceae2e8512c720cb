"""A cluster of this machine alone, which a run starts for itself."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import toy_library
from tests.campaign.planted import dump
from tests.limits import HANG_SECONDS

pytestmark = pytest.mark.ray


def test_a_cluster_of_this_machine_writes_what_one_process_writes(tmp_path: Path) -> None:
    folder, home = toy_library.make_folder(tmp_path / "videos"), tmp_path / "library"
    toy_library.index(folder, tmp_path / "alone", lyrics="sidecar")
    words = ["index", str(folder), "--library", str(home), "--profile", "toy", "--json"]
    more = ["--lyrics", "sidecar", "--on", "ray", "--workers", "2"]
    sockets = tempfile.mkdtemp(prefix="mvray", dir="/tmp")
    environment = os.environ | {
        "RAY_TMPDIR": sockets,
        "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token"),
    }
    environment.pop("RAY_ADDRESS", None)
    (tmp_path / "token").write_text("test" * 8)
    command = [sys.executable, "-m", "mvsearch.cli", *words, *more]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=HANG_SECONDS
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["indexed"] == 3
        assert done.stderr == ""
        assert dump(home) == dump(tmp_path / "alone")
        # Nothing to do needs no cluster.
        again = subprocess.run(
            [*command[:-4], "--on", "ray://127.0.0.1:1"],
            env=environment, capture_output=True, text=True, timeout=HANG_SECONDS,
        )  # fmt: skip
        assert (again.returncode, json.loads(again.stdout)["unchanged"]) == (0, 3)
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
