from pathlib import Path

import pytest

from mvsearch.search.composing import captioning
from mvsearch.search.composing.captioning import choose_genres, find_caption
from mvsearch.store.records import Mood, Tag
from tests.media import make_picture

MOOD = Mood(0.2, 0.2, 0.5)


def test_blip_describes_where_its_weights_are(
    composers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captioning, "name_things", lambda _: "a lake")
    picture = make_picture(tmp_path / "x.png")
    found = find_caption(picture, MOOD, ("folk",))
    assert found.source == "tags"
    assert found.text == "sad, slow music for a picture of a lake, in the manner of folk"
    monkeypatch.setenv("MVSEARCH_MODELS", str(composers))
    monkeypatch.setenv("MVSEARCH_THREADS", "1")
    by_blip = find_caption(picture, None)
    assert (by_blip.source, by_blip.mood) == ("blip", None)
    assert by_blip.text == f"music for a picture of {by_blip.seen}"


def test_the_genres_are_the_most_frequent_of_what_is_heard() -> None:
    def tag(name: str, modality: str = "audio") -> Tag:
        return Tag(name, 0.0, 1.0, 0.5, "audio" if modality == "audio" else "frames")

    songs = [
        [tag("folk"), tag("guitar"), tag("rock", "frames")],
        [tag("Folk music"), tag("jazz"), tag("ambient")],
        [tag("jazz"), tag("folk")],
    ]
    assert choose_genres(songs) == ("folk", "jazz")
    assert choose_genres([[tag("guitar")]]) == ()
