import numpy as np
from numpy.testing import assert_allclose

from mvsearch.indexer.encoders.toy import COLOURS, ToyAudio, ToyFrames, ToyLyrics


def fill(*colours: str) -> np.ndarray:
    return np.array([np.full((32, 32, 3), COLOURS[colour]) for colour in colours], dtype=np.uint8)


def test_each_colour_is_found_by_its_name() -> None:
    names = list(COLOURS)
    _, words = ToyFrames().encode(fill(*names))
    similarities = ToyFrames().encode_words([f"the {name} wall" for name in names]) @ words.T
    assert_allclose(np.diag(similarities), 1, atol=1e-6)
    assert np.argmax(similarities, axis=1).tolist() == list(range(len(names)))


def test_red_against_white_is_as_by_hand() -> None:
    # (1, -1, -1, 1) and (1, 1, 1, 1): their product is 0; red and magenta (1, -1, 1, 1): 2 of 4.
    _, words = ToyFrames().encode(fill("red", "white", "magenta"))
    assert_allclose(words[0] @ words[1], 0, atol=1e-6)
    assert_allclose(words[0] @ words[2], 0.5, atol=1e-6)


def test_where_a_colour_stands_matters_to_frames_not_to_words() -> None:
    left = fill("black")
    left[0, :, :16] = COLOURS["red"]
    grid, words = ToyFrames().encode(np.concatenate([left, left[:, :, ::-1]]))
    assert grid[0] @ grid[1] < 0.7
    assert_allclose(words[0], words[1], atol=1e-6)


def test_lines_that_share_words_are_near() -> None:
    (lines,) = ToyLyrics().encode(["Take me home", "home, take me!", "take two", "quiet night", ""])
    assert_allclose(lines[0] @ lines[1], 1, atol=1e-6)
    assert_allclose(lines[0] @ lines[2], 1 / np.sqrt(3 * 2), atol=1e-6)
    assert_allclose(lines[0] @ lines[3], 0, atol=1e-6)
    assert_allclose(np.linalg.norm(lines[4]), 1)


def test_a_tone_lies_in_the_band_of_its_pitch() -> None:
    seconds = np.arange(8000) / 8000
    tones = np.array([np.sin(2 * np.pi * hertz * seconds) for hertz in (440, 450, 1000)])
    (bands,) = ToyAudio().encode(tones.astype(np.float32))
    assert np.argmax(bands, axis=1).tolist() == [3, 3, 8]
    assert bands[0] @ bands[1] > 0.99
    assert bands[0] @ bands[2] < 0.01
