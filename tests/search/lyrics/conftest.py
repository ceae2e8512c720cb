"""A library whose lyrics are four seconds early, and a fit that says so without listening."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch.indexer.pipeline.lyrics import fit_video
from mvsearch.search.api.lyrics.records import FOLDER
from mvsearch.store.records import FitPiece, LyricFit
from tests import toy_library
from tests.serving import serving

NAME = "Ada Lovelace - First Song"
LINES = ("the engine weaves", "as the loom weaves", "take me home", "along the river", "at last")
LRC = "".join(f"[00:{0.8 * n:05.2f}]{text}\n" for n, text in enumerate(LINES))
Plant = Callable[..., None]


def make_fit(offset: float = 1.5, confidence: float = 0.97, **other: Any) -> LyricFit:
    given = {"rate": 1.0, "pieces": (FitPiece(0.0, offset),), "cuts": ((2.4, 3.2),), **other}
    return LyricFit("words", confidence, n_lines=5, n_heard=4, **given)


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library, to be copied."""
    place = tmp_path_factory.mktemp("fits")
    toy_library.make_indexed(place / "videos", place / "library")
    (place / "videos" / f"{NAME}.lrc").write_text(LRC)
    toy_library.index(place / "videos", place / "library")
    return place


@pytest.fixture(scope="package")
def opened(made: Path) -> Iterator[mvsearch.VideoLibrary]:
    with mvsearch.open(made / "library") as library:
        yield library


@pytest.fixture
def place(made: Path, opened: mvsearch.VideoLibrary) -> Iterator[Path]:
    """The folder; each test leaves it as it was."""
    before = {file.name: file.read_bytes() for file in (made / "videos").iterdir()}
    yield made
    told = opened.lyrics_fit("First Song")
    if told is not None and told.state == "applied":
        opened.undo_lyrics_fit("First Song")
    shutil.rmtree(made / "library" / FOLDER, ignore_errors=True)
    assert {f.name: f.read_bytes() for f in (made / "videos").iterdir()} == before


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Lets the next fits come out as they are given; returns nothing."""

    def set_fit(fit: LyricFit | Exception) -> None:
        def found(library: Any, encoders: Any, video_id: str, candidates: Any, *_: Any) -> Any:
            if isinstance(fit, Exception):
                raise fit
            return candidates[0], fit

        monkeypatch.setattr(fit_video, "fit_video", found)

    return set_fit


@pytest.fixture(params=["here", "connected"])
def library(
    request: pytest.FixtureRequest, place: Path, opened: mvsearch.VideoLibrary
) -> Iterator[Any]:
    """The library, on this machine or behind a server."""
    if request.param == "here":
        yield opened
        return
    with serving(opened) as url, mvsearch.connect(url) as remote:
        yield remote
