"""A toy library, made once, on this machine and behind a server, and the command line beside it."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch import cli
from mvsearch.search.commands.process import run_app
from tests import toy_library
from tests.serving import AnyLibrary, serving

TOKEN = "sixteen-letters-and-more"


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_library.make_folder(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="package")
def home(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the folder; tests read it only."""
    place = tmp_path_factory.mktemp("home") / "library"
    with mvsearch.open(place, profile="toy") as library:
        assert library.index(folder).indexed == 3
    return place


@pytest.fixture(scope="package")
def opened(home: Path) -> Iterator[mvsearch.VideoLibrary]:
    with mvsearch.open(home) as library:
        yield library


@pytest.fixture(scope="package")
def connected(opened: mvsearch.VideoLibrary) -> Iterator[mvsearch.RemoteLibrary]:
    """The same library behind a server that asks for a token."""
    with serving(opened, token=TOKEN) as url, mvsearch.connect(f"{url}/?token={TOKEN}") as library:
        yield library


@pytest.fixture(scope="package", params=["opened", "connected"])
def library(request: pytest.FixtureRequest) -> AnyLibrary:
    """Both ways to use a library."""
    found: AnyLibrary = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def print_json(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Run a command that prints JSON, and read it."""

    def call(*words: object) -> Any:
        argv = ["mvsearch", *map(str, words), "--library", str(home)]
        monkeypatch.setattr(sys, "argv", argv)
        assert run_app(cli.app) == 0
        return json.loads(capsys.readouterr().out)

    return call
