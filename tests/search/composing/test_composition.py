import wave
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.composing.prompts import Caption
from mvsearch.indexer.media.loudness import Loudness
from mvsearch.search.composing.composition import Composition, check_target, shorten_name
from mvsearch.store.errors import MvsearchError
from tests.media import make_tone

RATE = 8000


def make(seed: int = 0, caption: Caption | None = None) -> Composition:
    samples = (np.arange(2 * RATE).reshape(-1, 2) / (4 * RATE)).astype(np.float32)
    return Composition(samples, RATE, Loudness(-23.0, -2.0), caption, "m (1)", seed, "a lake.jpg")


def test_the_file_holds_the_samples_and_says_what_they_are(tmp_path: Path) -> None:
    made = make(7, Caption("slow = calm; \N{VIOLIN}", "given"))
    made.write(tmp_path / "x.wav")
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 2, 2)
        found = np.frombuffer(file.readframes(-1), "<i2").reshape(-1, 2)
    np.testing.assert_allclose(found / 32767, made.samples, atol=0.5 / 32767)
    content = (tmp_path / "x.wav").read_bytes()
    assert b"Music for a lake.jpg" in content
    words = "made by mvsearch with m (1), seed 7, from the words: slow = calm; \N{VIOLIN}"
    assert words.encode() in content
    assert made.to_wave() == content
    assert b"from the picture itself" in make().to_wave()


def test_its_own_file_is_replaced_when_asked_and_no_other_media(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    make(1).write(path)
    with pytest.raises(MvsearchError, match="exists already"):
        make(2).write(path)
    make(2).write(path, force=True)
    assert path.read_bytes() == make(2).to_wave()
    tone = make_tone(tmp_path / "tone.wav", 440, 0.1)
    before = tone.read_bytes()
    for call in (
        lambda: make().write(tone, force=True),
        lambda: check_target(tone, has_force=True),
    ):
        with pytest.raises(MvsearchError, match="never overwritten"):
            call()
    assert tone.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {"x.wav", "tone.wav"}


def test_another_ending_or_folder_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(MvsearchError, match=r"call it song\.wav"):
        check_target(tmp_path / "song.mp3")
    with pytest.raises(MvsearchError, match="not a folder"):
        check_target(tmp_path / "nowhere" / "song.wav")


def test_names_are_one_line_without_a_folder() -> None:
    assert shorten_name("/home/me/a\nb\x1b[0m.jpg") == "a b\N{REPLACEMENT CHARACTER}[0m.jpg"
    assert len(shorten_name("x" * 500)) == 120
