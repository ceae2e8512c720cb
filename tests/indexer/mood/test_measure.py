"""The moods that the toy heads find are those that colours and tones were planted with."""

import numpy as np
import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import analyse_file
from mvsearch.indexer.mood.heads import MoodHead
from mvsearch.indexer.mood.measure import find_mood_space, measure_mood, thin_curve
from mvsearch.indexer.mood.used import Heads
from mvsearch.store.records import Embeddings, Segment, Space
from mvsearch.store.records.moods import MAX_POINTS
from tests.media import H264, run_ffmpeg


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Embeddings, ...]:
    """Two seconds of green and two of red, each with a black corner; 440 Hz, then 3400 Hz."""
    clip = tmp_path_factory.mktemp("moods") / "clip.mp4"
    colours = [f"color={name}:s=64x64:r=10:d=2" for name in ("lime", "red")]
    tones = ["sine=f=440:d=2:r=8000", "sine=f=3400:d=2:r=8000"]
    corner = "drawbox=w=16:h=16:c=black:t=fill"
    joined = f"[0][1]concat,{corner}[v];[2][3]concat=v=0:a=1[a]"
    inputs = [word for one in (*colours, *tones) for word in ("-f", "lavfi", "-i", one)]
    run_ffmpeg(
        *inputs, "-filter_complex", joined, "-map", "[v]", "-map", "[a]", *H264, "-c:a", "flac",
        clip.with_suffix(".mkv"),
    )  # fmt: skip
    return analyse_file(clip.with_suffix(".mkv"), Encoders("toy")).embeddings


def test_the_mood_of_a_picture_follows_its_colour(made: tuple[Embeddings, ...]) -> None:
    track = measure_mood(made, "frames")
    assert track is not None
    assert (track.side, track.head) == ("picture", "toy-frames-1")
    bright = 15 / 16  # the corner is black
    is_green = track.curve.seconds < 2
    expected = np.where(is_green[:, np.newaxis], (bright, 0, 1), (0, bright, 1))
    assert 0 < is_green.sum() < len(track.curve)
    assert track.curve.points == pytest.approx(expected, abs=0.02)
    assert track.mood.valence == pytest.approx(bright / 2, abs=0.02)
    assert track.joint == pytest.approx([bright / 2] * 2, abs=0.02)


def test_the_mood_of_sound_follows_its_pitch(made: tuple[Embeddings, ...]) -> None:
    track = measure_mood(made, "audio")
    assert track is not None
    assert [seconds for seconds, _ in track.curve] == [0, 1, 2, 3]
    assert [mood.names[0] for _, mood in track.curve] == ["sad", "sad", "happy", "happy"]
    assert (track.mood.valence, track.mood.arousal) == pytest.approx((0.5, 0.5), abs=0.02)


def test_without_vectors_or_a_head_there_is_no_mood(made: tuple[Embeddings, ...]) -> None:
    sound = next(one for one in made if one.space.modality == "audio")
    empty = Embeddings(sound.space, (), np.zeros((0, sound.space.dim), np.float32))
    assert measure_mood([empty], "audio") is None
    assert measure_mood([sound], "frames") is None
    strange = Space("audio", "strange", "1", sound.space.dim)
    assert measure_mood([Embeddings(strange, sound.segments, sound.vectors)], "audio") is None
    colours = [one for one in made if one.space.modality == "frames" and not one.space.view]
    assert measure_mood(colours, "frames") is None  # the head reads the other view
    assert find_mood_space([strange], "audio") is None
    assert find_mood_space(Encoders("toy").spaces(), "lyrics") is None


@pytest.mark.parametrize("n", [0, 1, 7, MAX_POINTS, MAX_POINTS + 1, 2 * MAX_POINTS + 5])
def test_a_long_curve_is_thinned_to_means(n: int) -> None:
    points = np.random.default_rng(n).uniform(size=(n, 3)).astype(np.float32)
    curve = thin_curve(np.arange(n, dtype=np.float32), points)
    assert len(curve) <= MAX_POINTS
    run = -(-n // MAX_POINTS) or 1
    assert curve.seconds.tolist() == list(range(0, n, run))
    expected = [points[at : at + run].mean(axis=0) for at in range(0, n, run)]
    assert curve.points == pytest.approx(np.array(expected).reshape(-1, 3), abs=1e-6)


def test_views_of_different_lengths_have_no_mood() -> None:
    head = MoodHead("picture", "1", ("", "words"), (2, 2), {})
    heads = Heads("run", {"picture": (head, "1")})
    spaces = [Space("frames", "efficientnet-lite0", "1", 2, view) for view in head.views]
    made = []
    for n, space in enumerate(spaces, start=1):
        segments = tuple(Segment(float(at), at + 1.0) for at in range(n))
        made.append(Embeddings(space, segments, np.array([[1, 0]] * n, np.float32)))
    assert find_mood_space(spaces, "frames", heads) == (spaces[0], head)
    assert measure_mood(made, "frames", heads) is None
