"""Music for a picture: by look, else by what it shows, else by the nearest look."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.search import picture_music
from mvsearch.search.picture_music import Asked, fit_music, name_picture
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Video
from tests import media

PART = QueryPart("image", "/picture.png")


def found(name: str, *, is_weak: bool) -> list[Result]:
    return [Result(1, 1.0, Video(name, Path(name), name), {}, (), is_weak)]


@pytest.mark.parametrize(
    ("look", "about", "words", "way", "best"),
    [
        (found("a", is_weak=False), found("b", is_weak=False), ("dog",), "look", "a"),
        (found("a", is_weak=True), found("b", is_weak=False), ("dog", "cat"), "words", "b"),
        (found("a", is_weak=True), found("b", is_weak=True), ("dog",), "look", "a"),
        (found("a", is_weak=True), found("b", is_weak=False), (), "look", "a"),
        ([], found("b", is_weak=True), ("dog",), "words", "b"),
        ([], [], ("dog",), "look", None),
    ],
)
def test_the_first_way_that_finds_more_than_chance(
    monkeypatch: pytest.MonkeyPatch,
    look: list[Result],
    about: list[Result],
    words: tuple[str, ...],
    way: str,
    best: str | None,
) -> None:
    monkeypatch.setattr(picture_music, "name_picture", lambda *_: words)

    def search(query: Query) -> Sequence[Result]:
        [part] = query.parts
        if part.kind == "image":
            return look
        assert part.value == ", ".join(words)
        return about

    music = fit_music(Asked(PART, cast(Encoders, None), Filter(), search))
    assert music.way == way
    assert (music.results[0].video.id if music.results else None) == best


class Naming:
    """An encoder whose second class is what every picture shows."""

    frame_size = (8, 8)

    def list_labels(self) -> list[str]:
        return ["cat", "dog", "dog", "sea"]

    def encode_and_name(self, rows: Any) -> Any:
        import numpy as np

        assert rows.shape == (1, 8, 8, 3)
        return (), np.array([[0.1, 0.2, 0.25, 0.4]], dtype=np.float32)


def test_a_picture_is_named_by_its_classes(tmp_path: Path) -> None:
    picture = media.make_picture(tmp_path / "q.png", "testsrc2")

    class Made:
        frames = Naming()

    encoders = cast(Encoders, Made())
    assert name_picture(QueryPart("image", str(picture)), encoders) == ("dog", "sea")
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(QueryError, match="cannot read"):
        name_picture(QueryPart("image", str(tmp_path / "no.png")), encoders)
