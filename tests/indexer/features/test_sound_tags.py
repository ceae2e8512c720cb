"""Tags of sound: what a naming encoder hears, with the times of the middles of its windows."""

from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.toy import ToyAudio
from mvsearch.indexer.features.analysis import analyse_file
from mvsearch.indexer.features.stream_encoding import list_middles
from mvsearch.store.records import Matrix, Segment
from tests.toy_library import make_clip


class NamingAudio(ToyAudio):
    """Windows of two seconds, one each half second; the middle of each is classified."""

    window_seconds = 2.0
    hop_seconds = 0.5

    def encode_and_name(self, rows: Matrix) -> tuple[tuple[Matrix, ...], Matrix]:
        n_middle = int(self.hop_seconds * self.sample_rate)
        first = (rows.shape[1] - n_middle) // 2
        return self.encode(rows), self.classify(rows[:, first : first + n_middle])


def test_what_is_heard_has_names_and_times(tmp_path: Path) -> None:
    encoders = Encoders("toy")
    vars(encoders)["audio"] = NamingAudio()
    tones = "aevalsrc=sin(2*PI*t*if(lt(t\\,4)\\,440\\,1500)):d=8:s=8000"
    clip = make_clip(tmp_path / "tones.mp4", "testsrc2=s=96x64:r=10", tones, 8)
    tags = [tag for tag in analyse_file(clip, encoders).tags if tag.modality == "audio"]
    assert [tag.name for tag in sorted(tags, key=lambda tag: tag.start_seconds)] == [
        "375 Hz",
        "1500 Hz",
    ]
    low, high = sorted(tags, key=lambda tag: tag.start_seconds)
    assert (low.start_seconds, high.end_seconds) == pytest.approx((0, 8), abs=0.1)
    assert low.end_seconds == pytest.approx(4, abs=0.5)
    assert high.start_seconds == pytest.approx(4, abs=0.5)


def test_middles_follow_on_each_other() -> None:
    windows = [Segment(0.0, 5.0), Segment(1.25, 6.25), Segment(2.5, 7.5), Segment(3.75, 7.6)]
    middles = list_middles(windows, 1.25)
    times = np.array([(middle.start_seconds, middle.end_seconds) for middle in middles])
    assert times[0] == pytest.approx((0, 3.125))
    assert times[1] == pytest.approx((3.125, 4.375))
    assert times[2] == pytest.approx((4.375, 5.625))
    assert times[3, 1] == 7.6
    assert list_middles([], 1.25) == []
    assert list_middles([Segment(0.0, 0.4)], 1.25) == [Segment(0.0, 0.4)]
