"""Music for a picture: by look, else by what it shows, else by the nearest look."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.search import picture_music
from mvsearch.search.options import SearchOptions
from mvsearch.search.picture_music import (
    TO_MUSIC,
    TO_PICTURES,
    Asked,
    fit_part,
    name_picture,
)
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
    ("look", "about", "fitting", "words", "way", "best"),
    [
        ("a", "b", "c", ("dog",), "look", "a"),
        ("a?", "b", "c", ("dog",), "mood", "c"),
        ("a?", "b", "c?", ("dog", "cat"), "words", "b"),
        ("a?", "b", "!", ("dog",), "words", "b"),
        ("a?", "b", "c?", (), "mood", "c"),
        ("a?", "b?", "c?", ("dog",), "mood", "c"),  # the mood fits rather than a distant look
        ("a?", "b?", "", ("dog",), "look", "a"),
        ("", "b?", "", ("dog",), "words", "b"),
        ("", "", "", ("dog",), "mood", None),
        ("a?", "b?", "!", ("dog",), "look", "a"),  # a library without moods
        ("!", "", "c", ("dog",), "mood", "c"),  # one without pictures
    ],
)
def test_the_first_way_that_finds_more_than_chance(
    monkeypatch: pytest.MonkeyPatch,
    look: str,
    about: str,
    fitting: str,
    words: tuple[str, ...],
    way: str,
    best: str | None,
) -> None:
    monkeypatch.setattr(picture_music, "name_picture", lambda *_: words)

    def search(query: Query, weights: Any) -> Sequence[Result]:
        [part] = query.parts
        if part.kind == "image":
            assert weights == {"frames": 1}
            return answer(look)
        assert (part.value, weights) == (", ".join(words), None)
        return answer(about)

    asked = Asked(PART, cast(Encoders, None), Filter(), search, lambda: answer(fitting))
    music = fit_part(asked, TO_MUSIC)
    assert music.way == way
    assert (music.results[0].video.id if music.results else None) == best
    notes = ("not found by mood: the library lacks it",) if fitting == "!" else ()
    told = music.to_search_results(Query((PART,)), SearchOptions()).notes
    assert music.notes == told[1:] == notes
    assert music.to_dict()["notes"] == list(notes)


def answer(name: str) -> list[Result]:
    """One result; weak with a "?", none without a name, an error for "!"."""
    if name == "!":
        raise QueryError("the library lacks it")
    return found(name[0], is_weak=name.endswith("?")) if name else []


def test_one_way_alone_can_be_gone() -> None:
    sound = QueryPart("audio", "/sound.wav")
    none = cast(Encoders, None)
    asked = Asked(sound, none, Filter(), lambda *_: answer("a"), lambda: answer("c"))
    assert [fit_part(asked, TO_PICTURES, way).results[0].video.id for way in (None, "mood")] == [
        "a",
        "c",
    ]
    with pytest.raises(QueryError, match="of this query it is found by sound or mood, not by look"):
        fit_part(asked, TO_PICTURES, "look")
    own = Asked(QueryPart("like", "x"), none, Filter(), asked.search, asked.fit)
    assert fit_part(own, TO_PICTURES).way == "mood"  # a video is not its own answer
    lacking = Asked(PART, none, Filter(), lambda *_: answer("!"), lambda: answer("!"))
    with pytest.raises(QueryError, match="lacks it"):
        fit_part(lacking, TO_MUSIC, "mood")


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


def test_a_file_of_sound_alone_is_no_picture_for_a_sound() -> None:
    seen, heard = (Result(1, 1.0, Video(n, Path(n), n), {}, (), False) for n in ("seen", "heard"))
    heard = replace(heard, video=replace(heard.video, has_picture=False))
    asked = Asked(
        PART, cast(Encoders, None), Filter(), lambda *_: [heard, replace(seen, rank=2)], list
    )
    [only] = picture_music.find_by_sound(asked).results
    assert (only.rank, only.video.id) == (1, "seen")
