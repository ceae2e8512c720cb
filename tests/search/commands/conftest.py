"""A library of toy videos, and commands that are run in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mvsearch import cli
from mvsearch.search.commands.process import run_app
from tests import toy_library

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def toy_videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_library.make_folder(tmp_path_factory.mktemp("toy videos"))


@pytest.fixture(scope="session")
def toy_home(toy_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the folder; tests here read it only."""
    place = tmp_path_factory.mktemp("toy home") / "library"
    toy_library.index(toy_videos, place)
    return place


@pytest.fixture
def run(toy_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as the shell would: (exit code, standard output, standard error)."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setenv("MVSEARCH_LIBRARY", str(toy_home))
        monkeypatch.setattr("sys.argv", ["mvsearch", *map(str, words)])
        code = run_app(cli.app)
        out, err = capsys.readouterr()
        return code, out, err

    return call
