"""A small library behind a client."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.web.app import make_app
from mvsearch.search.web.options import WebOptions
from tests import toy_library

SONGS = {
    "Ada Lovelace - First Song.mp4": ("testsrc2=s=96x64:r=10:d=6", "sine=f=330:d=6"),
    # Browsers do not know the container, and know the codecs.
    "Mary Somerville - Third Song.mkv": ("smptebars=s=96x64:r=10:d=4", None),
}
LYRICS = "[00:00.50]take me home\n[00:02.00]along the river\n"


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for name, (picture, sound) in SONGS.items():
        toy_library.make_clip(folder / name, picture, sound)
    (folder / "Ada Lovelace - First Song.lrc").write_text(LYRICS, encoding="utf-8")
    return folder


@pytest.fixture(scope="package")
def library(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[mvsearch.VideoLibrary]:
    with mvsearch.open(tmp_path_factory.mktemp("home") / "library", profile="toy") as opened:
        assert opened.index(folder).indexed == 2
        yield opened


@pytest.fixture(scope="package")
def connect(library: mvsearch.VideoLibrary) -> Iterator[Callable[..., TestClient]]:
    """A client of a server with some options."""
    servers = ExitStack()

    def make(client: tuple[str, int] = ("127.0.0.1", 50000), **options: object) -> TestClient:
        app = make_app(library, WebOptions(**options))  # type: ignore[arg-type]
        made = TestClient(
            app,
            base_url="http://127.0.0.1:8765",
            raise_server_exceptions=False,
            client=client,
            follow_redirects=False,
        )
        return servers.enter_context(made)

    with servers:
        yield make


@pytest.fixture(scope="package")
def client(connect: Callable[..., TestClient]) -> TestClient:
    return connect()


@pytest.fixture(scope="package")
def ids(library: mvsearch.VideoLibrary) -> dict[str, str]:
    """The ids of the videos by title."""
    return {video.title: video.id for video in library.videos()}
