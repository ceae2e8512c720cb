"""Moods that are predicted of any media, and what a library says of its own."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mvsearch
from mvsearch.indexer.mood import toy
from mvsearch.store.errors import MediaError, QueryError
from tests.media import run_ffmpeg


def make_pixels() -> np.ndarray:
    """Yellow on the left and red on the right: valence 1/2, arousal 1."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :, 0] = 255
    pixels[:, :32, 1] = 255
    return pixels


def save(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("form", ["path", "bytes", "array", "pillow", "frames"])
def test_a_picture_has_the_mood_that_was_planted(form: str, tmp_path: Path) -> None:
    pixels = make_pixels()
    (tmp_path / "a.png").write_bytes(save(pixels))
    media: dict[str, Any] = {
        "path": str(tmp_path / "a.png"),
        "bytes": save(pixels),
        "array": pixels,
        "pillow": Image.fromarray(pixels),
        "frames": mvsearch.Frames(np.stack([pixels] * 10), 5.0),
    }
    found = mvsearch.predict_mood(media[form], profile="toy")
    assert found.sound is None
    assert found.gap is None
    assert found.whole == found.picture
    assert (found.picture.valence, found.picture.arousal) == pytest.approx((0.5, 1), abs=0.02)
    assert found.picture.names[-1] == "energetic"


def test_a_picture_of_one_colour_has_no_mood() -> None:
    with pytest.raises(QueryError, match="is of one colour and has no mood"):
        mvsearch.predict_mood(np.full((64, 64, 3), 90, np.uint8), profile="toy")


def test_sound_and_a_part_of_a_clip_have_moods(tmp_path: Path) -> None:
    time = np.arange(16000) / 8000
    tone = np.sin(2 * np.pi * 1500 * time).astype(np.float32) / 2
    found = mvsearch.predict_mood(mvsearch.Samples(tone, 8000), profile="toy")
    assert found.picture is None
    assert found.sound.names == ("calm",)
    clip = tmp_path / "clip.mkv"
    run_ffmpeg(
        "-f", "lavfi", "-i", "sine=f=440:d=2:r=8000", "-f", "lavfi", "-i", "sine=f=3400:d=3:r=8000",
        "-filter_complex", "concat=v=0:a=1", "-c:a", "flac", clip,
    )  # fmt: skip
    part = mvsearch.Clip(clip, 2.0, 5.0)
    assert mvsearch.predict_mood(part, profile="toy").sound.names == ("happy", "energetic")
    for whole in (clip.read_bytes(), memoryview(clip.read_bytes())):
        assert mvsearch.predict_mood(whole, profile="toy").sound.names != ("sad",)


def test_what_has_no_mood_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silence = mvsearch.Samples(np.zeros(16000, np.float32), 8000)
    with pytest.raises(QueryError, match="no mood"):
        mvsearch.predict_mood(silence, profile="toy")
    with pytest.raises(QueryError, match="no file is called"):
        mvsearch.predict_mood(tmp_path / "none.mp4", profile="toy")
    with pytest.raises(MediaError):
        mvsearch.predict_mood(b"hello", profile="toy")
    with pytest.raises(QueryError, match="image takes a path"):
        mvsearch.predict_mood(7, profile="toy")
    with pytest.raises(QueryError, match="one picture, clip or sound"):
        mvsearch.predict_mood(mvsearch.make_query("words"), profile="toy")
    monkeypatch.setattr(toy, "HEADS", {})
    with pytest.raises(QueryError, match="nothing predicts moods by the encoders"):
        mvsearch.predict_mood(save(make_pixels()), profile="toy")


def test_a_library_tells_and_sorts_moods(opened: mvsearch.VideoLibrary) -> None:
    entry = opened.show("first song")
    told = entry.to_dict()["mood"]
    assert told["names"] == ["sad"]
    assert told["picture"]["head"] == "toy-frames-1"
    assert len(told["sound"]["curve"]["valence"]) == len(told["sound"]["curve"]["seconds"]) > 0
    gaps = [video.mood_gap for video in opened.videos(sort="mood-gap")]
    assert gaps[:2] == sorted(gaps[:2], reverse=True)
    assert gaps[2] is None
    valences = [video.valence for video in opened.videos(sort="valence")]
    assert valences == sorted(valences, reverse=True)
    with pytest.raises(QueryError, match="no order is called 'best'"):
        opened.videos(sort="best")


def test_only_videos_of_a_mood_are_searched(opened: mvsearch.VideoLibrary) -> None:
    arousals = sorted(video.arousal for video in opened.videos())
    middle = mvsearch.Filter(min_arousal=arousals[1])
    assert len(opened.search("river", filter=middle)) <= 2
    assert {result.video.arousal for result in opened.similar("first", filter=middle)} <= set(
        arousals[1:]
    )
    assert opened.videos(mvsearch.Filter(mood="happy")) == []
    (brightest,) = opened.search(filter=mvsearch.Filter(mood="sad", min_valence=0.3))
    assert brightest.video.title == "Third Song"


def test_a_video_without_moods_says_why(
    opened: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mvsearch.store.catalog.reading.moods import MoodReader

    monkeypatch.setattr(MoodReader, "mood_tracks", lambda *_: ())
    assert opened.show("first song").why_no_mood.startswith("none yet")
    monkeypatch.setattr(toy, "HEADS", {})
    assert "nothing predicts moods" in opened.show("first song").why_no_mood


def test_a_library_without_moods_is_not_filtered_by_them(plant: Any) -> None:
    from mvsearch.store.catalog.filter import Filter

    catalog = plant({}).catalog
    assert catalog.videos(Filter(mood="calm")) == []
    catalog = plant({"ab12": {}}).catalog
    for asked in (Filter(mood="calm"), Filter(max_arousal=0.5)):
        for read in (catalog.videos, catalog.passing, catalog.facets):
            with pytest.raises(QueryError, match="no video of the library has a mood"):
                read(asked)
    assert catalog.facets()["mood"] == []
