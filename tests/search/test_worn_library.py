"""What a library answers depends on what it holds, and not on how it came to hold it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryKind, parse_part
from mvsearch.search.results import Result
from mvsearch.search.versions.find import find_versions
from mvsearch.store.library import Library
from tests.media import make_picture
from tests.toy_library import make_clip

PICTURES = ["testsrc2=s=64x48:r=8", "mandelbrot=s=64x48:r=8", "life=s=64x48:r=8:mold=10:seed=7"]
LINES = [
    ["take me home along the river", "the engine weaves its patterns", "ships in the harbour"],
    ["a moth is sleeping in the relay", "take me to the river", "the the the"],
    ["nothing of the river here", "愛してる", "dancing in the harbour", "the last of the lines"],
    ["take me home along the river", "the same line twice", "take me home along the river"],
]


def write_lyrics(path: Path, lines: list[str], mtime_seconds: int) -> None:
    stamped = [f"[00:{at:02d}.50]{line}" for at, line in enumerate(lines)]
    path.write_text("\n".join(stamped), encoding="utf-8")
    os.utime(path, (mtime_seconds, mtime_seconds))


def make_videos(folder: Path) -> Path:
    """Four songs, two with the same picture, and one without lyrics."""
    folder.mkdir()
    for at in range(5):
        picture = PICTURES[at] if at < 3 else PICTURES[at - 3]
        make_clip(folder / f"song {at}.mp4", picture, f"sine=f={220 + 130 * (at % 4)}", 4.0)
    for at, lines in enumerate(LINES):
        write_lyrics(folder / f"song {at}.lrc", lines, 1_000_000_000)
    return folder


@dataclass(frozen=True, slots=True)
class Pair:
    """Two libraries of the same videos."""

    folder: Path
    worn: Engine
    fresh: Engine


def wear(folder: Path, aside: Path, library: Library) -> None:
    """Bring a library in many steps to where one run would bring it."""

    def run() -> None:
        index_paths([folder], library, Encoders("toy"))

    aside.mkdir()
    shutil.move(folder / "song 1.mp4", aside)
    shutil.copy(folder / "song 4.mp4", folder / "a copy.mp4")
    run()
    Engine(library, Encoders("toy")).search(ask("lyric", "river"))  # its caches are worn as well
    for touch in range(6):
        for at in (0, 2, 3):
            shown = LINES[(at + touch) % 4] if touch % 2 else LINES[at]
            write_lyrics(folder / f"song {at}.lrc", shown, 1_000_000_100 + touch)
        run()
    shutil.move(aside / "song 1.mp4", folder)
    shutil.move(folder / "song 3.mp4", aside)
    (folder / "a copy.mp4").unlink()
    run()
    shutil.move(aside / "song 3.mp4", folder / "moved.mp4")
    write_lyrics(folder / "moved.lrc", LINES[3], 1_000_000_000)
    run()
    shutil.move(folder / "moved.mp4", folder / "song 3.mp4")
    (folder / "moved.lrc").unlink()
    for at, lines in enumerate(LINES):
        write_lyrics(folder / f"song {at}.lrc", lines, 1_000_000_000)
    run()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    top = tmp_path_factory.mktemp("worn")
    folder = make_videos(top / "videos")
    with (
        Library.open(top / "worn", create=True) as worn,
        Library.open(top / "fresh", create=True) as fresh,
    ):
        wear(folder, top / "aside", worn)
        index_paths([folder], fresh, Encoders("toy"))
        yield Pair(folder, Engine(worn, Encoders("toy")), Engine(fresh, Encoders("toy")))


def ask(kind: QueryKind, value: str) -> Query:
    return Query((parse_part(kind, value),))


def flatten(results: list[Result]) -> list[Any]:
    """All that a result says, in pieces that can be compared."""
    rows: list[Any] = []
    for result in results:
        rows += [result.video.id, result.video.duration_seconds, result.score, result.is_weak]
        for modality, one in result.contributions.items():
            rows += [modality, one.similarity, one.weight, one.calibrated]
        for moment in result.moments:
            rows += [moment.modality, moment.start_seconds, moment.end_seconds, moment.similarity]
            rows += [moment.text, *moment.words]
        rows += [copy.id for copy in result.copies]
    return rows


def check_same(worn: list[Any], fresh: list[Any]) -> None:
    assert len(worn) == len(fresh) > 0
    for one, other in zip(worn, fresh, strict=True):
        # A product of the same vectors may be rounded otherwise where they lie in other rows.
        is_number = isinstance(other, float)
        assert one == (pytest.approx(other, rel=1e-4, abs=1e-6) if is_number else other)


@pytest.mark.parametrize("fusion", ["calibrated", "weighted", "rrf"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("lyric", "take me home along the river"),
        ("lyric", "the rivr harbor"),
        ("lyric", "愛"),
        ("text", "the engine"),
        ("image", "{folder}/still.png"),
        ("clip", "{folder}/song 1.mp4@1-3"),
        ("audio", "{folder}/song 2.mp4@0.5-3.5"),
        ("like", "song 0"),
        ("like", "song 3@1-3"),
    ],
)
def test_a_worn_library_answers_as_a_fresh_one(
    pair: Pair, kind: QueryKind, value: str, fusion: Any
) -> None:
    still = pair.folder / "still.png"
    if not still.exists():
        make_picture(still, "testsrc2", (64, 48))
    query = ask(kind, value.format(folder=pair.folder))
    options = SearchOptions(fusion=fusion, has_collapse=True)
    worn, fresh = (engine.search(query, options) for engine in (pair.worn, pair.fresh))
    check_same(flatten(worn), flatten(fresh))


def test_similar_songs_and_versions_are_those_of_a_fresh_library(pair: Pair) -> None:
    for video in pair.fresh.library.catalog.videos():
        check_same(flatten(pair.worn.similar(video)), flatten(pair.fresh.similar(video)))
    found = [find_versions(e.library).to_dict() for e in (pair.worn, pair.fresh)]
    assert found[0] == found[1]
    assert found[0]["relations"]


def test_both_hold_the_same(pair: Pair) -> None:
    worn, fresh = pair.worn.library.catalog, pair.fresh.library.catalog
    assert worn.videos() == fresh.videos()
    assert worn.locations() == fresh.locations()
    assert worn.n_lyric_lines() == fresh.n_lyric_lines() == sum(map(len, LINES))
    for video in fresh.videos():
        assert worn.lyrics(video.id) == fresh.lyrics(video.id)
        assert worn.stages(video.id) == fresh.stages(video.id)
        assert worn.tags(video.id) == fresh.tags(video.id)
