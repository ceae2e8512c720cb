from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from mvsearch.indexer.encoders import PROFILES, Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions, analyse_file, analyse_image
from mvsearch.indexer.media.decoding.frames import read_image
from mvsearch.search.evaluation.queries.clip_extraction import cut_frame
from mvsearch.search.evaluation.queries.distortion.distortions import DISTORTIONS
from mvsearch.store.errors import MediaError
from tests.media import make_colours, make_pattern
from tests.toy_library import make_clip


@pytest.fixture(scope="module")
def encoders():
    return Encoders("toy")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("analysis") / "clip.mp4"
    return make_clip(path, "testsrc2=s=96x64:r=10", "sine=f=440", 5)


def of(features, modality):
    """The embeddings of a modality's own space."""
    return next(
        made
        for made in features.embeddings
        if made.space.modality == modality and not made.space.view
    )


def test_frames_and_windows_carry_their_times(clip, encoders):
    features = analyse_file(clip, encoders)
    frames = of(features, "frames").segments
    assert [frame.start_seconds for frame in frames] == pytest.approx(np.arange(10) / 2, abs=0.01)
    assert all(a.end_seconds == b.start_seconds for a, b in pairwise(frames))
    assert frames[-1].end_seconds == features.duration_seconds == pytest.approx(5, abs=0.1)
    hop = encoders.audio.hop_seconds
    windows = of(features, "audio").segments
    assert windows[1].start_seconds - windows[0].start_seconds == pytest.approx(hop)
    assert windows[-1].end_seconds <= features.duration_seconds


def test_vectors_do_not_depend_on_batches(clip, encoders, monkeypatch):
    whole = analyse_file(clip, encoders)
    monkeypatch.setattr("mvsearch.indexer.features.analysis.BATCH_FRAMES", 3)
    parts = analyse_file(clip, encoders)
    for one, other in zip(whole.embeddings, parts.embeddings, strict=True):
        np.testing.assert_array_equal(one.vectors, other.vectors)


def test_a_still_picture_is_encoded_once_and_stands_at_all_its_times(
    tmp_path, encoders, monkeypatch
):
    make_clip(tmp_path / "still.mp4", "testsrc2=s=96x64:r=10,loop=50:1,trim=end=5", None, 5)
    n_encoded = []
    encode = encoders.frames.encode
    monkeypatch.setattr(
        encoders.frames, "encode", lambda rows: n_encoded.append(len(rows)) or encode(rows)
    )
    found = of(analyse_file(tmp_path / "still.mp4", encoders), "frames")
    assert sum(n_encoded) < len(found.segments) == len(found.vectors) == 10
    assert (found.vectors @ found.vectors[0]).min() > 0.999


def test_section_keeps_the_times_of_the_file(clip, encoders):
    whole = of(analyse_file(clip, encoders), "frames")
    options = AnalysisOptions(start_seconds=2.0, end_seconds=4.0)
    part = of(analyse_file(clip, encoders, options), "frames")
    assert [s.start_seconds for s in part.segments] == pytest.approx([2, 2.5, 3, 3.5], abs=0.11)
    similar = part.vectors @ whole.vectors.T
    assert (similar.argmax(axis=1) == [4, 5, 6, 7]).all()


def test_rate_can_be_chosen(clip, encoders):
    features = analyse_file(clip, encoders, AnalysisOptions(frames_per_second=5))
    assert len(of(features, "frames").segments) == 25


def test_what_is_not_there_is_absent_and_not_zero(tmp_path, encoders):
    mute = make_clip(tmp_path / "mute.mp4", "testsrc2=s=96x64:r=10", None, 2)
    assert analyse_file(mute, encoders).absent == {"audio": "the file has no sound"}
    silent = make_clip(tmp_path / "silent.mp4", "testsrc2=s=96x64:r=10", "anullsrc", 2)
    assert analyse_file(silent, encoders).absent == {"audio": "the sound is silent"}
    black = make_clip(tmp_path / "black.mp4", "color=black:s=96x64:r=10", "sine", 2)
    features = analyse_file(black, encoders)
    assert features.absent == {"frames": "every frame is of one colour"}
    assert features.uniform_seconds == pytest.approx([0, 0.5, 1, 1.5], abs=0.01)


def test_truncated_file_is_analysed_as_far_as_it_goes(tmp_path, encoders):
    whole = make_clip(tmp_path / "whole.mkv", "testsrc2=s=96x64:r=10", "sine=f=440", 30)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    features = analyse_file(cut, encoders)
    assert features.problem is not None
    assert features.problem.code == "truncated"
    assert 5 < features.duration_seconds < 25
    assert len(of(features, "frames").segments) == pytest.approx(
        2 * features.duration_seconds, abs=2
    )


def test_picture_is_encoded_as_a_frame(clip, tmp_path, encoders):
    picture = cut_frame(clip, 3.0, DISTORTIONS["none"], tmp_path / "still.png")
    made = analyse_image(picture, encoders)
    assert [embeddings.space for embeddings in made] == list(encoders.frames.spaces)
    frames = of(analyse_file(clip, encoders), "frames")
    assert (made[0].vectors @ frames.vectors.T).argmax() == 6
    assert read_image(picture, (32, 32)).shape == (32, 32, 3)


def test_no_media_is_an_error_with_a_code(tmp_path, encoders):
    text = tmp_path / "notes.mp4"
    text.write_text("not a film")
    with pytest.raises(MediaError) as caught:
        analyse_file(text, encoders)
    assert caught.value.code in ("unreadable", "no_media")


@pytest.fixture
def few(monkeypatch):
    """Encoders of a profile that takes four random frames of a file."""
    profile = replace(PROFILES["toy"], frames_a_video=4)
    monkeypatch.setitem(PROFILES, "toy-few", profile)
    return Encoders("toy-few")


def test_a_few_random_frames_are_what_all_would_give_there(clip, encoders, few):
    every, drawn = of(analyse_file(clip, encoders), "frames"), of(analyse_file(clip, few), "frames")
    assert len(every.segments) == 10
    assert len(drawn.segments) == 4
    places = [every.segments.index(segment) for segment in drawn.segments]
    assert places == sorted(set(places))
    np.testing.assert_allclose(drawn.vectors, every.vectors[places], atol=1e-6)


def test_the_content_decides_which_frames(clip, few, tmp_path):
    def times(path):
        segments = of(analyse_file(path, few), "frames").segments
        return [segment.start_seconds for segment in segments]

    moved = tmp_path / "another name.mp4"
    moved.write_bytes(clip.read_bytes())
    assert times(moved) == times(clip) == times(clip)
    drawn = set()
    for number in range(4):
        changed = tmp_path / f"{number}.mp4"
        # A box that players pass over: other content, the same pictures.
        box = (12).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")
        changed.write_bytes(clip.read_bytes() + box)
        drawn.add(tuple(times(changed)))
    assert len(drawn) > 1


def test_a_short_section_gives_what_it_has(clip, few):
    features = analyse_file(clip, few, AnalysisOptions(start_seconds=1, end_seconds=2))
    segments = of(features, "frames").segments
    assert [segment.start_seconds for segment in segments] == pytest.approx([1, 1.5], abs=0.01)


def test_frames_of_one_colour_are_told_and_never_drawn(few, tmp_path):
    path = make_colours(tmp_path / "black.mp4", [("black", 3)])
    features = analyse_file(path, few, stages=["frames"])
    assert features.embeddings == ()
    assert len(features.uniform_seconds) == 6


def test_few_frames_are_of_another_space(encoders, few):
    for one, other in zip(encoders.frames.spaces, few.frames.spaces, strict=True):
        assert other.key == f"{one.key}-4random"
    assert few.lyrics.spaces == encoders.lyrics.spaces


def test_a_picture_without_its_parameters_is_lost_and_not_absent(tmp_path, encoders):
    """A recording that begins after the only key frame, whose parameters a stream needs."""
    whole = tmp_path / "whole.ts"
    once = ("-c:v", "libx264", "-g", "1000", "-sc_threshold", "0", "-pix_fmt", "yuv420p")
    make_pattern(whole, 8, tone_hertz=440, options=(*once, "-c:a", "mp2"))
    packets = [whole.read_bytes()[at : at + 188] for at in range(0, whole.stat().st_size, 188)]
    late = tmp_path / "late.ts"
    # The tables of the first three packets name the streams (ISO/IEC 13818-1, 2.4.4).
    late.write_bytes(b"".join(packets[:3] + packets[len(packets) // 2 :]))
    features = analyse_file(late, encoders)
    assert {made.space.modality for made in features.embeddings} == {"audio"}
    assert features.problem.code == "decode_failed"
    assert features.absent == {"frames": "nothing of its picture can be decoded"}
