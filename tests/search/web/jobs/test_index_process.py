"""Index runs in a process of their own."""

import shutil
from pathlib import Path

import pytest

import mvsearch
from mvsearch.search.web.jobs import index_process
from mvsearch.search.web.jobs.index_process import index_apart
from mvsearch.search.web.jobs.jobs import Job
from mvsearch.store.errors import MvsearchError
from tests import toy_library


def test_a_run_tells_its_progress_and_is_cancelled(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    toy_library.make_clip(videos / "a \udce9.mp4", "testsrc2=s=96x64:r=10:d=2", None)
    job = Job("index")
    found = index_apart(tmp_path / "library", "toy", [videos], {"lyrics": "off"}, job)
    assert found["indexed"] == 1
    stages = job.to_dict()["stages"]
    assert stages
    assert all(stage["done"] == stage["total"] for stage in stages)
    with mvsearch.open(tmp_path / "library") as made:
        assert len(made.videos()) == 1
    job.cancel.set()
    found = index_apart(tmp_path / "other", "toy", [videos], {"lyrics": "off"}, job)
    assert found["indexed"] == 0


def test_errors_of_the_run_and_its_sudden_end_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = tmp_path / "nothing.mp4"
    with pytest.raises(MvsearchError, match=r"nothing\.mp4"):
        index_apart(tmp_path / "library", "toy", [absent], {}, Job("index"))
    monkeypatch.setattr(index_process.sys, "executable", shutil.which("false"))
    with pytest.raises(MvsearchError, match="ended early"):
        index_apart(tmp_path / "library", "toy", [], {}, Job("index"))
