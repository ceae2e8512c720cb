import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mvsearch.search.metrics.media.joint import (
    JointOptions,
    cut_sound,
    embed_samples,
    embed_sounds,
    open_joint,
)
from mvsearch.store.errors import QueryError
from tests.media import make_picture, make_tone
from tests.search.metrics.tones import Tones


def make_sine(hertz, seconds):
    rate = Tones.sample_rate
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate).astype(np.float32)


def test_windows_cover_a_sound_and_none_is_filled_up():
    sound = np.linspace(0.1, 1, 20_000, dtype=np.float32)
    first, second, last = cut_sound(sound, Tones())
    assert_array_equal(first, sound[:8000])
    assert_array_equal(second, sound[8000:16_000])
    assert_array_equal(last, sound[-8000:])
    assert len(cut_sound(sound[:8000], Tones())) == 1
    (short,) = cut_sound(sound[:3000], Tones())
    assert_array_equal(short, sound[:3000])


def test_silent_windows_say_nothing():
    quiet = np.zeros(8000, np.float32)
    windows = cut_sound(np.concatenate([quiet, make_sine(300, 1), quiet]), Tones())
    assert len(windows) == 1
    assert cut_sound(quiet, Tones()) == []
    assert cut_sound(quiet[:0], Tones()) == []


@pytest.mark.usefixtures("joint_profile")
def test_a_long_sound_is_the_mean_of_its_windows():
    space = open_joint("audio", JointOptions("toy-joint"))
    low, high = make_sine(300, 1), make_sine(3300, 1)
    vectors = [embed_samples(space, part) for part in (low, high)]
    mean = np.mean(vectors, axis=0)
    found = embed_samples(space, np.concatenate([low, high]))
    assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)
    assert embed_samples(space, np.zeros(8000, np.float32)) is None


@pytest.mark.usefixtures("joint_profile")
def test_a_file_without_sound_is_named(tmp_path):
    space = open_joint("audio", JointOptions("toy-joint"))
    make_tone(tmp_path / "good.wav", 300, 1)
    make_picture(tmp_path / "bad.png")
    with pytest.raises(QueryError, match=r"cannot use 'bad.png'"):
        embed_sounds(space, [tmp_path / "good.wav", tmp_path / "bad.png"])
    with pytest.raises(QueryError, match="is a folder"):
        embed_sounds(space, [tmp_path])
