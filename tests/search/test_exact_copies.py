"""One content in several files: shown wherever copies are, by table, JSON and HTML."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.output.report import print_results
from mvsearch.search.output.tables.listing import print_videos
from mvsearch.search.output.tables.versions import VersionsReport, write_versions
from mvsearch.search.query.query import Query, parse_part
from mvsearch.store.library import Library
from tests.toy_library import index, make_clip

PICTURES = ("testsrc2=s=64x48:r=5", "mandelbrot=s=64x48:r=5")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos; of the first there are two more files, in the folder and in another."""
    top = tmp_path_factory.mktemp("copies")
    videos = top / "videos"
    videos.mkdir()
    for name, picture in zip(("first", "second"), PICTURES, strict=True):
        make_clip(videos / f"{name}.mp4", picture, "sine", 3)
    (top / "more").mkdir()
    shutil.copy(videos / "first.mp4", videos / "first (copy) & <b>.mp4")
    shutil.copy(videos / "first.mp4", top / "more" / "same.mp4")
    return top


@pytest.fixture(scope="module")
def library(folder: Path) -> Iterator[Library]:
    for name in "videos", "more":
        index(folder / name, folder / "library")
    with Library.open(folder / "library") as opened:
        yield opened


def read_names(library: Library) -> list[str]:
    (video,) = [video for video in library.catalog.videos() if video.other_paths]
    return [path.name for path in (video.path, *video.other_paths)]


def test_a_video_knows_its_other_files(library: Library) -> None:
    names = {"first (copy) & <b>.mp4", "first.mp4", "same.mp4"}
    assert len(read_names(library)) == 3
    assert set(read_names(library)) == names


def test_the_list_shows_them(library: Library) -> None:
    page = io.StringIO()
    videos = library.catalog.videos()
    print_videos(videos, Console(file=page, width=300))
    assert page.getvalue().count("= ") == 2
    assert "2 videos" in page.getvalue()
    told = [video.to_dict()["other_paths"] for video in videos]
    assert sorted(map(len, told)) == [0, 2]


def test_versions_shows_them_in_every_form(library: Library) -> None:
    table = write_versions(library, VersionsReport("table", width=300))
    page = write_versions(library, VersionsReport("html"))
    told = json.loads(write_versions(library, VersionsReport("json")))["identical"]
    assert [len(video["other_paths"]) for video in told] == [2]
    assert "identical" in table
    assert "Identical" in page
    for name in read_names(library):
        assert name in table
        assert name.replace("&", "&amp;").replace("<b>", "&lt;b&gt;") in page
    assert "<b>.mp4" not in page


def test_collapse_shows_them_below_the_video_and_nothing_else_does(library: Library) -> None:
    engine = Engine(library, Encoders("toy"))
    query = Query((parse_part("text", "grey"),))
    for has_collapse in (True, False):
        options = SearchOptions(has_collapse=has_collapse)
        results = engine.search(query, options)
        shown = {path.name for result in results for path in (c.path for c in result.copies)}
        page = io.StringIO()
        print_results(results, Console(file=page, width=300))
        told = json.dumps(results[0].to_dict()["copies"])
        if has_collapse:
            assert len(shown) == 2
            assert page.getvalue().count("= ") == 2
        else:
            assert not shown
            assert told == "[]"


def test_a_copy_that_is_gone_is_no_copy(folder: Path, library: Library) -> None:
    moved = (folder / "more" / "same.mp4").rename(folder / "same.mp4")
    try:
        assert len(read_names(library)) == 2
    finally:
        moved.rename(folder / "more" / "same.mp4")
