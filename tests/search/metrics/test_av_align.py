"""AV-Align against published code's numbers, hand arithmetic, scipy, and planted sound and motion.

The numbers stand here as well where they are few: the reference data is not everywhere.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import wavfile

from mvsearch.search.metrics.av_align import (
    AvAlignOptions,
    count_matches,
    evaluate_av_align,
    score_alignment,
)
from mvsearch.search.metrics.media.motion import (
    choose_frame_rate,
    find_peaks,
    measure_motion,
    read_motion,
)
from mvsearch.search.metrics.media.onsets import MIN_SAMPLES, SAMPLE_RATE, find_onsets, read_clip
from mvsearch.store.errors import QueryError
from tests.media import make_pattern, make_silence, make_slides, make_tone, run_ffmpeg
from tests.search.metrics.oracles import read_case, read_oracle

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[3] / "../shared/media"))
LOSSLESS = ("-c:v", "ffv1", "-pix_fmt", "bgr0", "-c:a", "pcm_f32le")
# The second flash comes at 1.5 s, and so on; the last one has no picture behind it.
BURSTS = (0.5, 1.5, 2.5, 3.5)

times = st.lists(st.floats(0, 3, allow_subnormal=False), max_size=12).map(sorted)


def row(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


def make_jumps() -> list[np.ndarray]:
    """48 RGB frames: a square on noise that moves half a pixel a frame, and six at four frames."""
    draw = np.random.RandomState(0)
    background = (draw.rand(96, 96, 3) * 60).astype(np.uint8)
    square = (draw.rand(24, 24, 3) * 255).astype(np.uint8)
    frames, place = [], 10.0
    for number in range(48):
        place = (place + (6.0 if number in (6, 18, 30, 42) else 0.5)) % 64
        at = round(place)
        frame = background.copy()
        frame[36:60, at : at + 24] = square
        frames.append(np.ascontiguousarray(frame[..., ::-1]))  # drawn as BGR
    return frames


def make_bursts(seconds: tuple[float, ...]) -> np.ndarray:
    """Four seconds of faint noise, with a burst that dies away at each of some times."""
    draw = np.random.RandomState(1)
    sound = 0.001 * draw.randn(4 * SAMPLE_RATE)
    for at in seconds:
        start = int(at * SAMPLE_RATE)
        n = min(3307, len(sound) - start)
        decay = np.exp(-np.arange(n) / (0.03 * SAMPLE_RATE))
        sound[start : start + n] += 0.6 * draw.randn(n) * decay
    return sound.astype(np.float32)


@pytest.fixture(scope="module")
def jumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The jumps with the bursts, without loss, as one file."""
    folder = tmp_path_factory.mktemp("jumps")
    raw = folder / "frames.raw"
    raw.write_bytes(b"".join(frame.tobytes() for frame in make_jumps()))
    # At a quarter of the level nothing is cut off at full scale, and the onsets are the same.
    wavfile.write(folder / "sound.wav", SAMPLE_RATE, make_bursts(BURSTS) / 4)
    pictures = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "96x96", "-r", "12", "-i", raw)
    run_ffmpeg(*pictures, "-i", folder / "sound.wav", *LOSSLESS, folder / "jumps.mkv")
    return folder / "jumps.mkv"


def test_by_hand_two_of_five_come_together() -> None:
    onsets, peaks = row([1.0, 2.0, 3.0]), row([1.02, 2.5, 3.03, 4.0])
    # 1.00 with 1.02 and 3.00 with 3.03 within 0.04 s: 2 of 3 + 4 - 2.
    assert score_alignment(onsets, peaks, 0.04) == pytest.approx(2 / 5)
    assert score_alignment(onsets, peaks, 0.025) == pytest.approx(1 / 6)
    assert score_alignment(onsets, row([]), 0.04) == score_alignment(row([]), peaks, 0.04) == 0


def test_exactly_one_frame_apart_is_no_match() -> None:
    assert score_alignment(row([1.0]), row([1.25]), 0.25) == 0
    assert score_alignment(row([1.0]), row([1.2499]), 0.25) == 1


def test_the_greedy_match_of_published_code_can_be_beaten_where_times_do_not_rise() -> None:
    onsets, peaks = row([1.0, 0.9]), row([0.95, 1.05])
    # 1.00 takes 0.95, and 0.90 then has nothing near; the other way round both have something.
    assert score_alignment(onsets, peaks, 0.1, "greedy") == pytest.approx(1 / 3)
    assert score_alignment(onsets, peaks, 0.1, "optimal") == 1
    assert score_alignment(onsets[::-1], peaks, 0.1, "greedy") == 1


@given(times, times, st.floats(0.01, 1.0))
def test_in_the_order_of_time_greedy_is_optimal(a: list[float], v: list[float], w: float) -> None:
    assert count_matches(row(a), row(v), w, "greedy") == count_matches(row(a), row(v), w, "optimal")


@given(times, times.filter(bool), st.floats(0.01, 1.0))
def test_the_formula_of_the_paper_is_never_below_a_match(
    a: list[float], v: list[float], w: float
) -> None:
    matched, paper = (score_alignment(row(a), row(v), w, match) for match in ("greedy", "paper"))
    assert matched - 1e-12 <= paper <= 1


def test_the_formula_of_the_paper_counts_a_peak_for_both_of_its_onsets() -> None:
    # (2 onsets + 1 peak) / (2 × a union of 2)
    assert score_alignment(row([1.0, 1.05]), row([1.02]), 0.1, "paper") == pytest.approx(0.75)
    assert score_alignment(row([1.0, 1.05]), row([1.02]), 0.1, "greedy") == pytest.approx(0.5)


def test_scores_are_those_of_published_code() -> None:
    cases = [case for case in read_oracle("av_align.json")["cases"] if "code_iou" in case]
    assert len(cases) == 9
    for case in cases:
        given = row(case["audio_peaks"]), row(case["video_peaks"]), 1.0 / case["fps"]
        if isinstance(case["code_iou"], str):
            with pytest.raises(QueryError, match="neither onsets nor peaks"):
                score_alignment(*given)
            continue
        assert score_alignment(*given) == pytest.approx(case["code_iou"], rel=1e-6), case["desc"]
        paper = case["paper_eq9"]["iou_union"]
        assert score_alignment(*given, "paper") == pytest.approx(paper, rel=1e-6), case["desc"]


def test_a_peak_rises_above_both_neighbours_and_the_floor() -> None:
    assert find_peaks(row([0, 1, 0, 2, 0, 0.05, 0])).tolist() == [1, 3]
    assert find_peaks(row([0, 0.0999, 0, 0.1, 0])).tolist() == [3]
    assert find_peaks(row([5, 1, 5])).tolist() == []
    assert find_peaks(row([0, 2, 2, 0])).tolist() == []
    assert find_peaks(row([0, 1, 0, 2, 0, 0.05, 0]), floor=0.01).tolist() == [1, 3, 5]
    assert find_peaks(row([])).tolist() == find_peaks(row([3.0])).tolist() == []


def test_peaks_are_those_of_published_code() -> None:
    cases = [c for c in read_oracle("av_align.json")["cases"] if "find_local_max" in c["desc"]]
    assert len(cases) == 3
    for case in cases:
        found = find_peaks(row(case["arr"])) / case["fps"]
        assert found.tolist() == pytest.approx(case["out"], rel=1e-6)


def test_motion_is_that_of_published_code() -> None:
    case = read_case("av_align.json", "video peaks")
    motion = measure_motion(make_jumps())
    assert motion.tolist() == pytest.approx(case["flow_trajectory"], rel=1e-6)
    assert (find_peaks(motion) / 12).tolist() == pytest.approx(case["video_peaks"], rel=1e-6)


def test_motion_is_how_far_a_picture_moves() -> None:
    draw = np.random.default_rng(0)
    coarse = draw.integers(0, 255, (12, 12, 3)).repeat(8, axis=0).repeat(8, axis=1)
    picture = np.stack(
        [
            np.convolve(line, np.ones(9) / 9, "same")
            for line in coarse.transpose(0, 2, 1).reshape(-1, 96)
        ]
    ).reshape(96, 3, 96)
    picture = picture.transpose(0, 2, 1).astype(np.uint8)
    still, moved = picture[:, 4:84], picture[:, 2:82]
    motion = measure_motion([still, still, moved, moved])
    assert motion == pytest.approx([0, 0, 2, 0], abs=0.25)


def test_onsets_are_those_of_published_code() -> None:
    for name, seconds in {
        "aligned": BURSTS,
        "double rate": (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5),
    }.items():
        case = read_case("av_align.json", f"AV-Align: {name}")
        onsets = find_onsets(make_bursts(seconds))
        assert onsets.tolist() == pytest.approx(case["audio_peaks"], rel=1e-6)
        peaks = row(read_case("av_align.json", "video peaks")["video_peaks"])
        assert score_alignment(onsets, peaks, 1 / 12) == pytest.approx(case["av_align"], rel=1e-6)
        paper = case["paper_eq9"]["iou_union"]
        assert score_alignment(onsets, peaks, 1 / 12, "paper") == pytest.approx(paper, rel=1e-6)
    assert read_case("av_align.json", "silence")["audio_peaks"] == []
    assert find_onsets(np.zeros(88_200, np.float32)).tolist() == []


def test_onsets_are_where_sound_begins() -> None:
    onsets = find_onsets(make_bursts(BURSTS))
    # Faint noise has an onset of its own, at the very start.
    assert onsets[1:] == pytest.approx(BURSTS, abs=0.0232)
    assert len(onsets) == 5


def test_a_file_is_measured_as_published_code_does(jumps: Path) -> None:
    """The score of the reference data, out of a file that holds the same frames and samples."""
    (video,) = evaluate_av_align([jumps]).videos
    assert video.score == pytest.approx(0.26666666666666666, rel=1e-6)
    assert (video.n_matched, video.n_frames, video.frame_rate) == (4, 48, 12.0)
    expected = [2, 6, 10, 15, 18, 20, 23, 27, 30, 32, 36, 40, 42, 46]
    assert video.peaks_seconds == pytest.approx([frame / 12 for frame in expected], abs=1e-12)
    assert video.onsets_seconds[0] == pytest.approx(0.06965986394557823)


def test_a_file_of_another_rate_in_stereo_sounds_the_same(tmp_path: Path) -> None:
    mono = tmp_path / "mono.wav"
    wavfile.write(mono, SAMPLE_RATE, make_bursts(BURSTS) / 4)
    stereo = tmp_path / "stereo.wav"
    run_ffmpeg("-i", mono, "-ar", "44100", "-ac", "2", "-c:a", "pcm_f32le", stereo)
    assert read_clip(mono) == pytest.approx(make_bursts(BURSTS) / 4, abs=1e-6)
    assert find_onsets(read_clip(stereo)).tolist() == find_onsets(read_clip(mono)).tolist()


def test_times_are_those_at_which_frames_are_shown(jumps: Path, tmp_path: Path) -> None:
    """Frames that are left out move nothing: at an uneven rate a number tells no time."""
    uneven = tmp_path / "uneven.mkv"
    dropped = "select='not(between(n,24,28))'"
    run_ffmpeg("-i", jumps, "-vf", dropped, "-fps_mode", "passthrough", *LOSSLESS, uneven)
    motion = read_motion(uneven)
    assert len(motion.pixels) == 43
    peaks = motion.times_seconds[find_peaks(motion.pixels)]
    assert min(abs(peaks - 42 / 12)) < 1e-3


def test_a_rate_in_the_header_that_cannot_be_is_counted_instead() -> None:
    times = np.arange(5) / 10
    assert choose_frame_rate(times, 1000.0) == pytest.approx(10)
    assert choose_frame_rate(times, 12.0) == 12
    assert choose_frame_rate(row([0, 0]), 25.0) == 25


def test_only_a_part_at_another_size(jumps: Path) -> None:
    options = AvAlignOptions(match="optimal", height=48, seconds=2.0)
    (video,) = evaluate_av_align([jumps], options).videos
    assert video.n_frames == 24
    assert max(video.peaks_seconds) < 2.0
    assert max(video.onsets_seconds) == pytest.approx(1.5, abs=0.03)
    full = read_motion(jumps, seconds=2.0).pixels
    half = read_motion(jumps, height=48, seconds=2.0).pixels
    assert half[6] == pytest.approx(full[6] / 2, rel=0.3)


def test_the_result_is_the_mean_and_says_how_it_was_measured(jumps: Path) -> None:
    result = evaluate_av_align([jumps, jumps], AvAlignOptions(match="paper", seconds=1.0))
    written = result.to_dict()
    assert written["score"] == pytest.approx(written["videos"][0]["score"])
    assert (written["match"], written["n_videos"], written["floor_pixels"]) == ("paper", 2, 0.1)
    table = result.to_table()
    assert [line[0] for line in table.rows] == [str(jumps), str(jumps), "mean"]
    assert table.rows[2][1] == f"{result.score:.4f}"
    assert "paper" in table.notes[0]


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files that have no score, by what is wrong with them."""
    folder = tmp_path_factory.mktemp("bad")
    silence = make_silence(folder / "silence.wav", 1.0)
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1", "-i", silence, folder / "mute.mp4")
    (folder / "broken.mp4").write_bytes(b"nothing that anyone could play")
    return {
        "silent": folder / "mute.mp4",
        "fewer than two frames": make_slides(
            folder / "slide.mkv", [("red", 0.0)], sound_seconds=1.0
        ),
        "no sound": make_pattern(folder / "deaf.mp4", 0.5, frame_rate="10"),
        "no picture": make_tone(folder / "tone.wav", 440, 0.5),
        "less than half a second": make_tone(folder / "click.wav", 440, 0.05),
        "cannot be read|not readable": folder / "broken.mp4",
        "no file is called": folder / "absent.mp4",
    }


@pytest.mark.parametrize(
    "why",
    [
        "silent",
        "fewer than two frames",
        "no sound",
        "no picture",
        "less than half a second",
        "cannot be read|not readable",
        "no file is called",
    ],
)
def test_what_cannot_be_measured_is_one_line_that_names_the_file(
    bad_files: dict[str, Path], why: str
) -> None:
    with pytest.raises(QueryError, match=why) as caught:
        evaluate_av_align([bad_files[why]])
    assert bad_files[why].name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_video_is_refused() -> None:
    with pytest.raises(QueryError, match="needs a video"):
        evaluate_av_align([])


def test_times_and_motion_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(QueryError, match="no finite number"):
        score_alignment(row([np.nan]), row([1.0]), 0.04)
    with pytest.raises(QueryError, match="has a reach"):
        score_alignment(row([1.0]), row([1.0]), 0.0)
    with pytest.raises(QueryError, match="finite numbers"):
        find_peaks(row([0.0, np.inf, 0.0]))
    with pytest.raises(QueryError, match="no numbers"):
        find_onsets(np.full(SAMPLE_RATE, np.nan, np.float32))
    with pytest.raises(QueryError, match=str(MIN_SAMPLES)):
        find_onsets(np.ones(MIN_SAMPLES - 1, np.float32))


def test_frames_too_few_or_too_small_are_refused() -> None:
    with pytest.raises(QueryError, match="fewer than two frames"):
        measure_motion([np.zeros((32, 32, 3), np.uint8)])
    with pytest.raises(QueryError, match="8 × 8"):
        measure_motion([np.zeros((8, 8, 3), np.uint8)] * 2)


@pytest.mark.parametrize(
    "options",
    [{"match": "best"}, {"floor_pixels": -1.0}, {"height": 4}, {"seconds": 0.0}],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        AvAlignOptions(**options)


def test_without_the_extra_it_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch, jumps: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "librosa", None)
    with pytest.raises(QueryError, match=r"type: pip install '.*\[metrics\]'"):
        evaluate_av_align([jumps])


@pytest.mark.skipif(not MEDIA.is_dir(), reason=f"no real media in {MEDIA}")
def test_real_videos_have_a_score() -> None:
    path = MEDIA / "videos" / "mdnlearn__frog.mp4"
    (video,) = evaluate_av_align([path], AvAlignOptions(height=90, seconds=4.0)).videos
    counted = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_frames", "-of", "csv=p=0",
         "-read_intervals", "%+4", "-show_entries", "stream=nb_read_frames", path],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert video.n_frames == pytest.approx(int(counted.strip().rstrip(",")), abs=2)
    assert 0 < video.score < 1
