"""A library that an earlier version wrote, with what that version answered.

`old_library.sql` is the catalogue of `tests/toy_library.py` as commit 64b61f0 wrote it, as text,
and `old_library.json` what its `search` and `similar` answered; picture.png is `make_picture`.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mvsearch
from mvsearch.search.results import Result
from mvsearch.store.errors import MvsearchError

HERE = Path(__file__).parent
ANSWERS = json.loads((HERE / "old_library.json").read_text(encoding="utf-8"))


@pytest.fixture
def library(tmp_path: Path) -> mvsearch.VideoLibrary:
    folder = tmp_path / "old.library"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "catalog.sqlite3")) as catalog:
        catalog.executescript((HERE / "old_library.sql").read_text(encoding="utf-8"))
    return mvsearch.open(folder)


def make_picture() -> Image.Image:
    y, x = np.mgrid[0:64, 0:96]
    return Image.fromarray(np.stack([x * 2, y * 3, x + y], -1).astype(np.uint8))


def ask(library: mvsearch.VideoLibrary, kind: str, value: str) -> list[Result]:
    if kind == "similar":
        return list(library.similar(value))
    if kind == "image":
        return list(library.search(image=make_picture()))
    return list(library.search(**{kind: value}))


def describe(result: Result) -> dict[str, Any]:
    return {
        "id": result.video.id,
        "similarities": {kind: each.similarity for kind, each in result.contributions.items()},
        "moments": [[m.modality, m.start_seconds, m.end_seconds, m.text] for m in result.moments],
    }


def test_a_library_of_an_earlier_version_gets_moods_from_its_vectors(
    library: mvsearch.VideoLibrary, tmp_path: Path
) -> None:
    (tmp_path / "nothing").mkdir()
    with library:
        assert [video.moods for video in library.videos()] == [()] * 3
        assert library.show("first song").why_no_mood.startswith("none yet")
        with pytest.raises(MvsearchError, match="no video"):
            library.index(tmp_path / "nothing")
        moods = {video.title: video.moods for video in library.videos()}
        sides = [track.side for track in library.show("first song").moods]
    assert moods == {"First Song": ("sad",), "Second Song": ("sad",), "Third Song": ("sad",)}
    assert sides == ["picture", "sound"]


def test_a_library_of_an_earlier_version_answers_alike(library: mvsearch.VideoLibrary) -> None:
    with library:
        assert library.profile == "toy"
        assert [video.title for video in library.videos()] == [
            "First Song", "Second Song", "Third Song"
        ]  # fmt: skip
        for asked in ANSWERS:
            found = [describe(one) for one in ask(library, asked["kind"], asked["value"])]
            expected = asked["results"]
            assert [one["id"] for one in found] == [one["id"] for one in expected], asked
            for one, before in zip(found, expected, strict=True):
                assert one["similarities"] == pytest.approx(before["similarities"], abs=1e-3)
                assert len(one["moments"]) == len(before["moments"])
                for (kind, *times, text), told in zip(
                    one["moments"], before["moments"], strict=True
                ):
                    assert (kind, text) == (told[0], told[3])
                    assert times == pytest.approx(told[1:3], abs=1e-3)
