"""What real files do, good ones and broken ones; skipped where they are not at hand."""

import os
import subprocess
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.versions.find import find_versions
from mvsearch.store.errors import FAILURE_CODES
from mvsearch.store.library import Library
from tests import toy_library

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[1] / "../shared/media"))

pytestmark = [
    pytest.mark.skipif(not MEDIA.is_dir(), reason=f"no real media in {MEDIA}"),
]

# Broken beyond use; every other file of the folder has something to see or to hear.
BROKEN = {
    "result.webm": "unreadable",
    "empty.flv": "unreadable",
    "broken.mp4": "truncated",
    "empty.wav": "too_short",
    "first_vid.mp4": "too_short",
}
# Containers and codecs of the same picture.
SAME = {
    "mdnlearn__frog.mp4": {"mdnlearn__frog.mp4", "mdnlearn__frog.webm"},
    "moviepy__chaplin.mp4": {"moviepy__chaplin.mp4"},
    "decord__flipping_a_pancake.mkv": {"decord__flipping_a_pancake.mkv"},
}


@pytest.mark.robustness
def test_nasty_files_fail_one_by_one_and_the_others_are_found(tmp_path):
    summary = toy_library.index(MEDIA / "nasty", tmp_path / "library")
    used = {bad.path.name: bad.code for bad in summary.failures if "is in the lib" in bad.message}
    assert used == {"corrupted.mp4": "damaged"}
    unusable = [bad for bad in summary.failures if bad.path.name not in used]
    assert {bad.path.name: bad.code for bad in unusable} == BROKEN
    assert len(summary.failures) == len({bad.path for bad in summary.failures})
    for bad in summary.failures:
        assert bad.code in FAILURE_CODES
        assert "\n" not in bad.message
        assert str(MEDIA) not in bad.message
    again = toy_library.index(MEDIA / "nasty", tmp_path / "library")
    assert (again.indexed, again.failed) == (0, summary.failed)
    query = Query((QueryPart("clip", str(MEDIA / "nasty/streamio/awesome'movie.mov")),))
    with Library.open(tmp_path / "library") as library:
        found = Engine(library, Encoders("toy")).search(query)
    assert found[0].video.path.name == "awesome'movie.mov"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Six real videos, of which two show the same, with the default profile."""
    folder = tmp_path_factory.mktemp("real")
    names = {name for names in SAME.values() for name in names}
    for name in sorted(names | {"mdnlearn__pig.mp4", "mdnlearn__rabbit.webm"}):
        (folder / name).symlink_to((MEDIA / "videos" / name).resolve())
    with Library.open(folder / "library", create=True) as opened:
        index_paths([folder], opened, Encoders("embedded"))
        yield opened


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("start_seconds", [1.3, 2.9])
def test_spoilt_clip_finds_its_source_and_the_moment(library, tmp_path, name, start_seconds):
    clip = tmp_path / "clip.mp4"
    cut = ["-ss", str(start_seconds), "-t", "4", "-i", str(MEDIA / "videos" / name)]
    low = ["-vf", "scale=-2:144", "-c:v", "libx264", "-crf", "36", "-c:a", "aac", "-b:a", "32k"]
    subprocess.run(["ffmpeg", "-v", "error", *cut, *low, str(clip)], check=True)
    engine = Engine(library, Encoders("embedded"))
    results = engine.search(Query((QueryPart("clip", str(clip)),)), SearchOptions(top=3))
    assert results[0].video.path.name in SAME[name]
    moment = results[0].moments[0]
    assert moment.start_seconds == pytest.approx(start_seconds, abs=1)
    assert moment.end_seconds == pytest.approx(start_seconds + 4, abs=1)


def test_the_two_frogs_are_copies_and_the_toys_are_not_taken_for_each_other(library):
    versions = find_versions(library)
    pairs = {(one.kind, one.first.path.stem, one.second.path.stem) for one in versions.relations}
    assert pairs == {("duplicate", "mdnlearn__frog", "mdnlearn__frog")}
    assert len(versions.videos) == 6
