"""The curves of a video's page lie where the numbers say."""

from mvsearch.search.web.view_models.moods import describe_moods
from tests.store.examples import make_track


def test_curves_span_the_video_and_keep_their_last_value() -> None:
    moods = describe_moods((make_track("picture", 0.25, 0.5), make_track("sound", 0.75, 1.0)), 4.0)
    assert (moods.seconds, moods.sides) == (4.0, ("picture", "sound"))
    valence, arousal = moods.charts
    assert [line.points for line in valence.lines] == [
        "0.00,30.00 25.00,30.00 100.00,30.00",
        "0.00,10.00 25.00,10.00 100.00,10.00",
    ]
    assert [line.points.split()[0] for line in arousal.lines] == ["0.00,20.00", "0.00,0.00"]
    assert valence.label == "valence over time, as a whole: picture 0.25, sound 0.75"
    assert describe_moods((), 4.0).charts == ()
