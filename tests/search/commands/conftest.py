"""A library of toy videos, and commands that are run in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import toy_library

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def toy_videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_library.make_folder(tmp_path_factory.mktemp("toy videos"))


@pytest.fixture(scope="session")
def toy_home(toy_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the folder; tests here read it only."""
    return toy_library.make_indexed(toy_videos, tmp_path_factory.mktemp("toy home") / "library")


@pytest.fixture
def run(shell: Run, toy_home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The shell, with the toy library as its own."""
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(toy_home))
    return shell
