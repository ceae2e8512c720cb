import numpy as np
import pytest

from mvsearch.search.metrics.media.joint import JointOptions, open_joint
from mvsearch.search.metrics.media.moments import MomentOptions, embed_moments, find_frame
from mvsearch.store.errors import QueryError
from tests.media import make_colours, make_silence, make_slides, run_ffmpeg

pytestmark = pytest.mark.usefixtures("joint_profile")
OPTIONS = JointOptions("toy-joint")


@pytest.mark.parametrize(
    ("at_seconds", "row"),
    [
        (0.0, 0),
        (1.0, 1),  # the frame that begins then
        (1.001, 1),  # and was rounded down
        (1.5, 2),  # the first from then on
        (3.0, 2),  # nothing comes before 4 s: what is still on show
        (9.0, 2),
    ],
)
def test_the_frame_of_a_moment(at_seconds, row):
    assert find_frame(np.array([0.0, 1.0, 2.0]), at_seconds, 1.0) == row


def test_a_late_first_frame_is_that_of_the_beginning():
    assert find_frame(np.array([2.5, 3.0]), 0.0, 1.0) == 0


def test_slides_stay_on_show(tmp_path):
    slides = make_slides(tmp_path / "a.mkv", [("red", 0), ("blue", 3)], sound_seconds=6)
    found = embed_moments(
        slides, open_joint("frames", OPTIONS), open_joint("audio", OPTIONS), MomentOptions(1, 1)
    )
    assert found.start_seconds == (0, 1, 2, 3, 4, 5)
    is_red = (found.pictures @ open_joint("frames", OPTIONS).encoder.encode_words(["red"])[0]) > 0.9
    assert is_red.tolist() == [True, True, True, False, False, False]


def test_what_cannot_be_looked_at_is_said(tmp_path):
    spaces = open_joint("frames", OPTIONS), open_joint("audio", OPTIONS)
    mute = make_colours(tmp_path / "mute.mp4", [("red", 2)])
    with pytest.raises(QueryError, match=r"'mute.mp4': it has no sound"):
        embed_moments(mute, *spaces, MomentOptions(1, 1))
    sound = make_silence(tmp_path / "silence.wav", 3)
    with pytest.raises(QueryError, match="no picture"):
        embed_moments(sound, *spaces, MomentOptions(1, 1))
    inputs = ("-i", mute, "-i", sound, "-c:v", "copy", "-c:a", "flac", "-shortest")
    run_ffmpeg(*inputs, tmp_path / "both.mkv")
    with pytest.raises(QueryError, match=r"'both.mkv' is silent"):
        embed_moments(tmp_path / "both.mkv", *spaces, MomentOptions(1, 1))
    still = make_slides(tmp_path / "still.mkv", [("red", 0)], sound_seconds=4)
    with pytest.raises(QueryError, match="a single frame"):
        embed_moments(still, *spaces, MomentOptions(1, 1))
