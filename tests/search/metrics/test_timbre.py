"""Timbre distances against scipy, hand arithmetic, and sounds that are known to differ."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import fft, stats
from scipy.spatial.distance import cdist

from mvsearch.search.metrics.media.onsets import SAMPLE_RATE, read_clip
from mvsearch.search.metrics.pair_table import read_table
from mvsearch.search.metrics.timbre import (
    TimbreOptions,
    TimbreResult,
    compare_pairs,
    correlate,
    evaluate_timbre,
    find_coefficients,
    list_pairs,
    scale_distances,
)
from mvsearch.store.errors import QueryError
from tests.media import make_silence, make_tone, run_ffmpeg

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[3] / "../shared/media"))


def square(n: int, pairs: list[float]) -> np.ndarray:
    """A symmetric table from the values above its diagonal."""
    table = np.zeros((n, n))
    table[np.triu_indices(n, k=1)] = pairs
    return table + table.T


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two low tones, one of them longer, a high tone, and noise."""
    folder = tmp_path_factory.mktemp("clips")
    noise = folder / "noise.wav"
    run_ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=1.2:a=0.1:r=22050:seed=3", noise)
    return [
        make_tone(folder / "low.wav", 220, 1.2),
        make_tone(folder / "low-longer.wav", 222, 1.5),
        make_tone(folder / "high.wav", 3000, 1.2),
        noise,
    ]


def test_coefficients_are_the_cosine_transform_of_the_mel_spectrum_in_decibels() -> None:
    import librosa

    sound = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    mel = librosa.feature.melspectrogram(y=sound, sr=SAMPLE_RATE).astype(np.float64)
    decibels = 10 * np.log10(np.maximum(mel, 1e-10))
    decibels = np.maximum(decibels, decibels.max() - 80)
    expected = fft.dct(decibels, axis=0, type=2, norm="ortho")[:20].T
    found = find_coefficients(sound)
    assert found.shape == (1 + SAMPLE_RATE // 512, 20)
    assert found == pytest.approx(expected, abs=1e-3)


def test_scale_by_hand() -> None:
    # Three pairs: none can be clipped, the least becomes 0, the greatest 1.
    assert list_pairs(scale_distances(square(3, [2.0, 4.0, 10.0]))).tolist() == [0, 0.25, 1]


def test_an_outlier_is_clipped_at_three_deviations() -> None:
    pairs = [*range(1, 15), 1000.0]  # six clips
    mean, deviation = np.mean(pairs), np.std(pairs)
    top = mean + 3 * deviation
    assert top < 1000
    scaled = list_pairs(scale_distances(square(6, pairs)))
    assert scaled[-1] == 1
    assert scaled[:-1] == pytest.approx([(value - 1) / (top - 1) for value in range(1, 15)])


def test_of_ten_pairs_none_lies_so_far_out() -> None:
    pairs = [1.0] * 9 + [1e9]
    assert np.mean(pairs) + 3 * np.std(pairs) == pytest.approx(1e9)
    assert list_pairs(scale_distances(square(5, pairs))).tolist() == [0.0] * 9 + [1.0]


def test_the_diagonal_has_no_part_in_the_scale() -> None:
    scaled = scale_distances(square(3, [5.0, 6.0, 7.0]))
    assert scaled.tolist() == square(3, [0.0, 0.5, 1.0]).tolist()


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (square(3, [2.0, 2.0, 2.0]), "equally far"),
        (square(2, [2.0]), "equally far"),
        (np.zeros((1, 1)), "equally far"),
        (np.zeros((2, 3)), "square"),
        (square(3, [1.0, np.nan, 2.0]), "no numbers"),
        (np.arange(9.0).reshape(3, 3), "same both ways"),
    ],
)
def test_without_a_scale_there_is_no_number(table: np.ndarray, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        scale_distances(table)


def test_correlation_is_that_of_scipy_over_the_pairs() -> None:
    draw = np.random.default_rng(0)
    first, second = draw.random(10), draw.random(10)
    found = correlate(square(5, first.tolist()), square(5, second.tolist()))
    assert found == pytest.approx(stats.linregress(first, second).rvalue)
    # A line: whatever the diagonals are.
    other = 3 - 2 * square(5, first.tolist())
    assert correlate(square(5, first.tolist()), other) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (square(3, [1, 2, 3]), square(4, [1, 2, 3, 4, 5, 6]), "3 and 4 clips"),
        (square(2, [1]), square(2, [2]), "3 clips or more"),
        (square(3, [1, 2, 3]), square(3, [1, 1, 1]), "all alike"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(
    first: np.ndarray, second: np.ndarray, why: str
) -> None:
    with pytest.raises(QueryError, match=why):
        correlate(first, second)


def test_pairs_are_warped_once_and_stand_on_both_sides() -> None:
    draw = np.random.default_rng(0)
    sequences = [draw.normal(size=(n, 3)) for n in (4, 6, 5)]
    found = compare_pairs(sequences)
    assert (found == found.T).all()
    assert np.diag(found).tolist() == [0, 0, 0]
    # The path through (4, 6) has at least six pairs, none below the least local distance.
    assert found[0, 1] >= 6 * cdist(sequences[0], sequences[1]).min()
    stepwise = compare_pairs(sequences, TimbreOptions(is_per_step=True))
    assert (list_pairs(stepwise) < list_pairs(found) / 4).all()


def test_like_sounds_are_near_and_unlike_ones_are_far(clips: list[Path]) -> None:
    coefficients = [find_coefficients(read_clip(clip)) for clip in clips]
    distances = compare_pairs([*coefficients, coefficients[0]], TimbreOptions(is_per_step=True))
    assert distances[0, 4] == 0
    low_and_low, low_and_high, low_and_noise = distances[0, 1:4].tolist()
    assert 0 < low_and_low < min(low_and_high, low_and_noise) / 3


@pytest.fixture(scope="module")
def two(clips: list[Path]) -> TimbreResult:
    """The low tones, measured."""
    return evaluate_timbre(clips[:2])


def test_two_clips_have_a_distance_and_no_scale(two: TimbreResult) -> None:
    result = two
    assert result.scaled is None
    written = result.to_dict()
    assert written["scaled"] is None
    assert written["distances"][0][1] == written["distances"][1][0] > 0
    table = result.to_table()
    assert "no scale from 0 to 1" in table.notes[0]
    assert table.rows[0][2] == f"{written['distances'][0][1]:.1f}"


def test_what_was_done_is_part_of_the_result(clips: list[Path]) -> None:
    result = evaluate_timbre(clips[:3], TimbreOptions(distance="cityblock", seconds=1.0))
    written = result.to_dict()
    assert (written["warp"], written["distance"], written["seconds"]) == ("exact", "cityblock", 1.0)
    assert written["clips"] == [str(clip) for clip in clips[:3]]
    table = result.to_table()
    assert table.columns == ("clip", "1", "2", "3")
    assert [line[0] for line in table.rows] == [f"{i} {c.name}" for i, c in enumerate(clips[:3], 1)]
    assert "warping exact, cityblock" in table.notes[1]
    assert len(read_clip(clips[1], seconds=1.0)) == pytest.approx(SAMPLE_RATE, abs=2)


def test_another_table_is_read_by_name_in_any_order(clips: list[Path], tmp_path: Path) -> None:
    low, longer, high = clips[:3]
    own = compare_pairs([find_coefficients(read_clip(clip)) for clip in clips[:3]])
    lines = [
        f"clip,{high.name},{low},other,{longer.name}",
        f"{longer.name},{10 - own[1, 2]},{10 - own[0, 1]},0,0",
        f"{high.name},0,{10 - own[0, 2]},0,{10 - own[1, 2]}",
        "other,0,0,0,0",
        f"{low},{10 - own[0, 2]},0,0,{10 - own[0, 1]}",
    ]
    path = tmp_path / "other.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    result = evaluate_timbre(clips[:3], other=path)
    assert result.distances.tolist() == own.tolist()
    assert result.correlation == pytest.approx(-1)
    assert result.to_table().notes[-1].endswith("-1.0000")
    assert result.to_dict()["correlation"] == result.correlation


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no rows"),
        ("clip,a\na,0\n", "lacks b"),
        ("clip,a,b\na,0,1\nb,x,0\n", "not a number"),
        ("clip,a,b\na,0,1\nb,0\n", "other lengths"),
        ("clip,a,a\na,0,1\nb,0,1\n", "names a clip twice"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QueryError, match=why):
        read_table(path, ["a", "b"])


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="cannot read the table"):
        read_table(tmp_path / "absent.csv", ["a"])
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(QueryError, match="no text in UTF-8"):
        read_table(tmp_path / "bytes.csv", ["a"])
    (tmp_path / "alike.csv").write_text("clip,a\na,0\n")
    with pytest.raises(QueryError, match="tell all clips apart"):
        read_table(tmp_path / "alike.csv", ["x/a", "y/a"])


def test_bad_clips_are_refused_by_name(clips: list[Path], tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="two clips or more"):
        evaluate_timbre(clips[:1])
    with pytest.raises(QueryError, match=r"silence\.wav': its sound is silent"):
        evaluate_timbre([clips[0], make_silence(tmp_path / "silence.wav", 1.0)])
    with pytest.raises(QueryError, match=r"absent\.wav"):
        evaluate_timbre([clips[0], tmp_path / "absent.wav"])


@pytest.mark.parametrize("options", [{"distance": "cosine"}, {"seconds": float("nan")}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        TimbreOptions(**options)


@pytest.mark.skipif(not MEDIA.is_dir(), reason=f"no real media in {MEDIA}")
def test_containers_of_one_real_sound_are_nearer_than_other_sounds() -> None:
    names = ("mdnlearn__elf.mp4", "mdnlearn__elf.webm", "mdnlearn__crystal.webm")
    result = evaluate_timbre(
        [MEDIA / "videos" / name for name in names], TimbreOptions(seconds=4.0, is_per_step=True)
    )
    same, other, another = list_pairs(result.distances)
    assert same < min(other, another) / 2
