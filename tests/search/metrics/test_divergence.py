"""KL divergence against reference code, scipy and hand arithmetic."""

import json
import shutil
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy

from mvsearch.indexer import encoders
from mvsearch.search.metrics.divergence import (
    KlOptions,
    evaluate_kl,
    measure_divergence,
    pair_names,
)
from mvsearch.search.metrics.media import classes
from mvsearch.search.metrics.media.classes import ClassOptions
from mvsearch.store.errors import QueryError, WeightsMissingError
from tests.media import make_pattern, make_silence, make_tone
from tests.search.metrics.oracles import read_case

TOY = KlOptions("pictures", classes=ClassOptions("toy-frames", 2, segment_seconds=1))


def draw_posteriors() -> tuple[np.ndarray, np.ndarray]:
    """Of the candidate and of the target, as the reference data were drawn."""
    rng = np.random.RandomState(0)
    candidate, target = rng.randn(6, 10) * 2, rng.randn(6, 10) * 2
    return softmax(candidate, axis=1), softmax(target, axis=1)


def test_is_what_reference_code_gives_in_both_directions() -> None:
    case = read_case("kl.json", "audiocraft")
    candidate, target = draw_posteriors()
    forth = measure_divergence(target, candidate)
    back = measure_divergence(candidate, target)
    np.testing.assert_allclose(forth, case["kld_per_pair"], rtol=1e-10)
    assert forth.mean() == pytest.approx(case["kld_pq"], rel=1e-10)
    assert back.mean() == pytest.approx(case["kld_qp"], rel=1e-10)
    assert forth.mean() + back.mean() == pytest.approx(case["kld_both"], rel=1e-10)


def test_is_the_softmax_version_of_the_other_reference_code() -> None:
    case = read_case("kl.json", "missing file")
    candidate, target = draw_posteriors()
    found = measure_divergence(target[:3], candidate[:3]).mean()
    assert found == pytest.approx(case["kullback_leibler_divergence_softmax"], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "candidate", "target"),
    [
        ("pred_z_target_o", [1, 0, 0], [0, 1, 0]),
        ("pred_z_target_z", [1, 0, 0], [1, 0, 0]),
        ("pred_u_target_z", [1 / 3, 1 / 3, 1 / 3], [1, 0, 0]),
        ("pred_z_target_u", [1, 0, 0], [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_degenerate_posteriors_have_what_reference_code_gives_them(
    name: str, candidate: list[float], target: list[float]
) -> None:
    expected = read_case("kl.json", "degenerate")[name]
    (found,) = measure_divergence(np.array([target], float), np.array([candidate], float))
    # The reference is float32: 1 + 10⁻⁶ is off by 5 · 10⁻⁸ there.
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_by_hand() -> None:
    target, candidate = np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])
    expected = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    assert measure_divergence(target, candidate, 0) == pytest.approx(expected)
    shifted = 0.5 * np.log(0.5 / 0.35) + 0.5 * np.log(0.5 / 0.85)
    assert measure_divergence(target, candidate, 0.1) == pytest.approx(shifted)
    other = 0.25 * np.log(0.25 / 0.5) + 0.75 * np.log(0.75 / 0.5)
    assert measure_divergence(candidate, target, 0) == pytest.approx(other)


def test_without_epsilon_it_is_what_scipy_says() -> None:
    rng = np.random.default_rng(1)
    target, candidate = rng.dirichlet(np.ones(5), size=(2, 7))
    target[0] = [1, 0, 0, 0, 0]
    found = measure_divergence(target, candidate, 0)
    np.testing.assert_allclose(found, entropy(target, candidate, axis=1), rtol=1e-12)


@pytest.mark.parametrize(
    ("target", "candidate", "epsilon", "why"),
    [
        (np.eye(2), np.eye(2)[::-1], 0.0, "infinite"),
        (np.eye(2), np.eye(3)[:2], 1e-6, "no pairs"),
        (np.eye(2), np.eye(2)[:1], 1e-6, "no pairs"),
        (np.eye(2), np.full((2, 2), np.nan), 1e-6, "the candidate are not finite"),
        (np.full((2, 2), 0.4), np.eye(2), 1e-6, "the target are no probabilities"),
    ],
)
def test_what_has_no_divergence_is_refused(
    target: np.ndarray, candidate: np.ndarray, epsilon: float, why: str
) -> None:
    with pytest.raises(QueryError, match=why):
        measure_divergence(target, candidate, epsilon)


def find_pairs(target: list[str], candidate: list[str]) -> list[tuple[int, int]]:
    return pair_names([PurePath(name) for name in target], [PurePath(name) for name in candidate])


def test_files_are_pairs_by_name_and_then_without_the_ending() -> None:
    assert find_pairs(["a.wav", "b.wav"], ["a.wav", "b.wav"]) == [(0, 0), (1, 1)]
    assert find_pairs(["a.mp3", "b/a.wav"], ["a.wav", "b/a.flac"]) == [(0, 0), (1, 1)]
    assert find_pairs(["a.mp4", "a.webm"], ["a.webm", "a.mp4"]) == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("target", "candidate", "why"),
    [
        (["a.wav", "b.wav"], ["a.wav"], "no pair for 'b.wav'$"),
        (["a.wav"], ["a.wav", "b.wav"], "no pair for 'b.wav'$"),
        (["a.wav"], ["x.wav", "y.wav"], "no pair for 'a.wav'$"),
        (["a.wav", "b.wav", "c.wav"], ["b.wav"], r"no pair for 'a.wav' \(and 1 more\)"),
        (["a.wav"], ["a.mp3", "a.flac"], "fit the same pair"),
    ],
)
def test_files_without_a_pair_are_not_passed_over(
    target: list[str], candidate: list[str], why: str
) -> None:
    with pytest.raises(QueryError, match=why):
        find_pairs(target, candidate)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of two pairs: one shows the same on both sides, the other another pattern."""
    root = tmp_path_factory.mktemp("kl")
    for side in ("target", "candidate"):
        (root / side).mkdir()
        make_pattern(root / side / "same.mp4", 2, size=(96, 64))
    make_pattern(root / "target" / "other.mp4", 3, size=(96, 64))
    hue = ("-vf", "hue=h=120", "-c:v", "libx264", "-preset", "ultrafast")
    make_pattern(root / "candidate" / "other.mp4", 3, size=(96, 64), options=hue)
    return root


def test_kl_of_folders_has_a_value_a_pair_and_a_segment(folders: Path) -> None:
    result = evaluate_kl(folders / "target", folders / "candidate", TOY)
    other, same = result.pairs
    assert (other.name, same.name) == ("other.mp4", "same.mp4")
    assert (len(other.target_candidate), len(same.target_candidate)) == (3, 2)
    assert max(np.abs(same.target_candidate)) < 1e-5
    assert min(other.target_candidate + other.candidate_target) > 0.001
    all_segments = other.target_candidate + same.target_candidate
    assert result.target_candidate == pytest.approx(np.mean(all_segments))
    assert result.pair_mean == pytest.approx(np.mean(other.target_candidate) / 2, abs=1e-5)
    found = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert found["kl_target_candidate"] == result.target_candidate
    assert found["kl_candidate_target"] == result.candidate_target
    assert found["classifier"]["name"] == "toy-frames@1"
    sides = [side.files[0].segments for side in (result.candidate, result.target)]
    np.testing.assert_allclose(other.candidate_target, measure_divergence(*sides))
    table = result.to_table()
    assert table.rows[-1][:2] == ("mean over segments", "5")
    assert any("ε = 1e-06" in note for note in table.notes)


def test_a_file_that_appears_meanwhile_shifts_no_pair(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = shutil.copytree(folders / "candidate", tmp_path / "candidate")
    load = encoders.load_classifier

    def load_late(name: str) -> encoders.Classifier:
        shutil.copy(candidate / "same.mp4", candidate / "first.mp4")
        return load(name)

    monkeypatch.setattr(encoders, "load_classifier", load_late)
    result = evaluate_kl(folders / "target", candidate, TOY)
    assert [file.name for file in result.candidate.files] == ["other.mp4", "same.mp4"]
    assert max(np.abs(result.pairs[1].target_candidate)) < 1e-5


def test_of_pairs_of_different_length_the_common_segments_count(
    folders: Path, tmp_path: Path
) -> None:
    make_pattern(tmp_path / "same.mp4", 3, size=(96, 64))
    make_pattern(tmp_path / "other.mp4", 3, size=(96, 64))
    common = evaluate_kl(folders / "target", tmp_path, replace(TOY, is_common_only=True))
    assert [len(pair.target_candidate) for pair in common.pairs] == [3, 2]
    assert max(np.abs(common.pairs[1].target_candidate)) < 1e-3


def test_pairs_of_different_length_are_refused(folders: Path, tmp_path: Path) -> None:
    make_pattern(tmp_path / "same.mp4", 3, size=(96, 64))
    make_pattern(tmp_path / "other.mp4", 3, size=(96, 64))
    with pytest.raises(QueryError, match=r"'same\.mp4' has 2 segments and 'same\.mp4' 3") as caught:
        evaluate_kl(folders / "target", tmp_path, TOY)
    assert "\n" not in str(caught.value)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("MVSEARCH_DEVICE", "cpu")
    return tmp_path / "models"


def test_without_weights_sound_says_which_file_goes_where(models: Path, tmp_path: Path) -> None:
    for side in ("t", "c"):
        (tmp_path / side).mkdir()
        make_tone(tmp_path / side / "a.wav", 440, 1)
    with pytest.raises(WeightsMissingError) as caught:
        evaluate_kl(tmp_path / "t", tmp_path / "c", KlOptions(classes=ClassOptions("ast")))
    message = str(caught.value)
    assert "\n" not in message
    assert f"ast has no model.safetensors in {models / 'ast'}" in message
    assert "mvsearch models fetch ast" in message


@pytest.mark.usefixtures("models")
def test_without_weights_sound_is_classified_by_mood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classes, "DEFAULT_CLASSIFIERS", {"sound": ("ast", "mood")})
    for side in ("t", "c"):
        (tmp_path / side).mkdir()
        make_tone(tmp_path / side / "a.wav", 440, 6)
    found = evaluate_kl(tmp_path / "t", tmp_path / "c", KlOptions())
    assert found.target.classifier.key.startswith("mood@sound-")
    assert found.target.classifier.dim == 4
    assert found.target_candidate == pytest.approx(0, abs=1e-5)


def test_sound_is_classified_in_segments(tmp_path: Path) -> None:
    for side, hertz in (("t", 300), ("c", 2000)):
        (tmp_path / side).mkdir()
        make_tone(tmp_path / side / "a.wav", hertz, 2.6)
    options = KlOptions(classes=ClassOptions("toy-audio", segment_seconds=1.25))
    result = evaluate_kl(tmp_path / "t", tmp_path / "c", options)
    # The rest of 0.1 s is no segment; where one side sounds, the other has hardly anything.
    assert len(result.pairs[0].target_candidate) == 2
    assert result.target_candidate == pytest.approx(-np.log(1e-6), rel=0.05)
    assert result.target.classifier.key == "toy-audio@1"
    assert result.target.classifier.rate == "segments of 1.25 s"
    same = evaluate_kl(tmp_path / "t", tmp_path / "t", options)
    assert same.target_candidate == pytest.approx(-1e-6, abs=5e-5)
    (tmp_path / "s").mkdir()
    make_silence(tmp_path / "s" / "a.wav", 2.6)
    with pytest.raises(QueryError, match=r"cannot use 'a\.wav': the sound is silent"):
        evaluate_kl(tmp_path / "t", tmp_path / "s", options)
    long = KlOptions(classes=ClassOptions("toy-audio", segment_seconds=11))
    with pytest.raises(QueryError, match="toy-audio hears 10 seconds at once, not 11"):
        evaluate_kl(tmp_path / "t", tmp_path / "c", long)


def test_a_classifier_of_pictures_hears_nothing(folders: Path) -> None:
    options = KlOptions("sound", classes=ClassOptions("toy-frames"))
    with pytest.raises(QueryError, match="toy-frames does not classify sound"):
        evaluate_kl(folders / "target", folders / "candidate", options)
