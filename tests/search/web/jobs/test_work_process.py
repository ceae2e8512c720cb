"""Long work of the server in a process of its own."""

import io
import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.web.jobs import work_process
from mvsearch.search.web.jobs.job import Job
from mvsearch.search.web.jobs.work_process import do_work, index_apart
from mvsearch.store.errors import MvsearchError
from tests import toy_library

SAMPLE = SampleOptions(n_clips=1, kinds=("image",), distortions=("none",))


def do_here(asked: dict[str, Any], *, is_cancelled: bool = False) -> list[dict[str, Any]]:
    """The lines of the process, written by this one."""
    out = io.StringIO()
    reading, writing = os.pipe()
    os.write(writing, json.dumps(asked | {"profile": "toy"}).encode() + b"\n")
    if is_cancelled:
        os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as source:
        do_work(source, out)
        if not is_cancelled:
            os.close(writing)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_run_in_a_process_tells_its_progress_and_ends_with_its_server_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[str]] = []

    class Told(Job):
        def begin(self, stage: str, total: int, unit: str = "files") -> None:
            super().begin(stage, total, unit)
            started[0].terminate()  # as systemd does to all processes of a service

    class Recorded(subprocess.Popen[str]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    videos = tmp_path / "videos"
    videos.mkdir()
    toy_library.make_clip(videos / "a \udce9.mp4", "testsrc2=s=96x64:r=10:d=2", None)
    job = Told("index")
    found = index_apart(tmp_path / "library", "toy", [videos], {"lyrics": "off"}, job)
    assert found["indexed"] == 1
    stages = job.to_dict()["stages"]
    assert stages
    assert all(stage["done"] == stage["total"] for stage in stages)
    with mvsearch.open(tmp_path / "library") as made:
        assert len(made.videos()) == 1


@pytest.mark.robustness
def test_a_server_that_is_gone_cancels_and_errors_are_told(tmp_path: Path) -> None:
    videos = toy_library.make_folder(tmp_path / "videos")
    asked = {"work": "index", "library": str(tmp_path / "library"), "arguments": {}}
    lines = do_here(asked | {"paths": [str(videos)]}, is_cancelled=True)
    assert lines[-1]["result"]["indexed"] == 0
    (line,) = do_here(asked | {"paths": [str(tmp_path / "nothing.mp4")]})
    assert "nothing.mp4" in line["message"]
    told = work_process._make_error(line["error"], line["message"])
    assert isinstance(told, MvsearchError)


def test_an_evaluation_is_that_of_the_library(tmp_path: Path) -> None:
    home = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    given = {"sample": asdict(SAMPLE), "profiles": [], "groups": [], "workers": 1}
    *_, last = do_here({"work": "evaluate", "library": str(home), "arguments": given})
    with mvsearch.open(home) as library:
        (expected,) = library.evaluate(SAMPLE, workers=1)
    (found,) = last["result"]
    assert found == json.loads(json.dumps(asdict(expected)))
    assert isinstance(expected, Evaluation)


def test_a_sudden_end_of_the_process_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_process.sys, "executable", shutil.which("false"))
    with pytest.raises(MvsearchError, match="ended early"):
        index_apart(tmp_path / "library", "toy", [], {}, Job("index"))
