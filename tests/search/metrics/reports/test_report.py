"""Reports of folders of tones and colours, by toy encoders whose moods are planted."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from mvsearch.search.metrics.frechet import FrechetOptions, evaluate_fad
from mvsearch.search.metrics.media.folders import EmbeddingOptions
from mvsearch.search.metrics.output.page import render_report
from mvsearch.search.metrics.reports.pairs import pair_pictures, read_pairs
from mvsearch.search.metrics.reports.parts import Part, ReportOptions
from mvsearch.search.metrics.reports.report import MetricReport, evaluate_report
from mvsearch.search.metrics.timbre import TimbreOptions, evaluate_timbre
from mvsearch.store.errors import QueryError
from tests.media import make_picture, make_silence, make_tone

TOY = ReportOptions(profile="toy", classifier="toy-audio")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Real and made: calm and tense tones, of which the first one fits its picture."""
    root = tmp_path_factory.mktemp("folders")
    for name in ("real", "made"):
        (root / name).mkdir()
    make_tone(root / "real" / "calm.wav", 1500, 3)
    make_tone(root / "real" / "tense.wav", 2500, 4)
    make_tone(root / "made" / "calm.flac", 1510, 3)
    make_tone(root / "made" / "tense.flac", 1490, 3)
    make_picture(root / "made" / "calm.png", "color=0x00ff00")
    make_picture(root / "real" / "tense.png", "color=red")
    return root / "real", root / "made"


@pytest.fixture(scope="module")
def report(folders: tuple[Path, Path]) -> MetricReport:
    pytest.importorskip("librosa")
    return evaluate_report(*folders, TOY)


def find(report: MetricReport, name: str) -> Part:
    (part,) = (part for part in report.parts if part.name == name)
    return part


def test_each_part_is_that_of_its_metric(report: MetricReport, folders: tuple[Path, Path]) -> None:
    real, made = folders
    assert report.n_files == (2, 2)
    fad = evaluate_fad(real, made, FrechetOptions(EmbeddingOptions("toy")))
    assert find(report, "fad").value == fad.distance.value
    clips = [made / "calm.flac", real / "calm.wav", made / "tense.flac", real / "tense.wav"]
    table = evaluate_timbre(clips, TimbreOptions(is_per_step=True, seconds=30.0)).distances
    timbre = find(report, "timbre")
    assert timbre.files == pytest.approx({"calm.flac": table[0, 1], "tense.flac": table[2, 3]})
    assert timbre.value == pytest.approx((table[0, 1] + table[2, 3]) / 2)
    assert timbre.chance == pytest.approx((table[0, 3] + table[2, 1]) / 2)


def test_the_emotion_of_pairs_stands_beside_that_of_others(report: MetricReport) -> None:
    """Both results are calm; the second picture is tense, from corner to corner away."""
    emotion = find(report, "emotion-match")
    far = math.exp(-math.sqrt(2) / 0.37)
    assert emotion.files == pytest.approx({"calm.flac": 1, "tense.flac": far}, abs=0.1)
    assert emotion.chance == pytest.approx((1 + far) / 2, abs=0.1)
    assert "embedded heads of toy-frames" in emotion.source


def test_classes_are_compared_over_common_segments(report: MetricReport) -> None:
    genres = find(report, "genre-kl")
    assert genres.files["calm.flac"] < 0.1 < genres.files["tense.flac"]
    assert genres.value == pytest.approx(np.mean(list(genres.files.values())))
    assert genres.chance is not None


def test_a_part_that_is_not_defined_says_why(folders: tuple[Path, Path], tmp_path: Path) -> None:
    real, _ = folders
    make_tone(tmp_path / "other.flac", 1500, 3)
    found = evaluate_report(real, tmp_path, TOY)
    reasons = {part.name: part.reason for part in found.parts}
    assert find(found, "fad").value is not None
    assert "no pair for" in reasons["timbre"]
    assert "no pair for" in reasons["genre-kl"]
    assert "no picture has the name of 'other.flac'" in reasons["emotion-match"]
    assert found.to_table().rows[1][1] == "–"


def test_pairs_come_from_a_table(folders: tuple[Path, Path], tmp_path: Path) -> None:
    _, made = folders
    table = tmp_path / "pairs.csv"
    table.write_text("image,audio,note\n../x.png,calm.flac,1\n/abs.png,tense.flac,2\n", "utf-8-sig")
    made = made.absolute()
    assert read_pairs(table, made) == [
        (tmp_path / "../x.png", made / "calm.flac"),
        (Path("/abs.png"), made / "tense.flac"),
    ]
    for text, complaint in (
        ("image,audio\nx.png,absent.wav\n", "names 'absent.wav'"),
        ("image,audio\nx.png,../real/calm.wav\n", "which .*made does not hold"),
        ("image\nx.png\n", "lacks the column 'audio'"),
        ("image,audio\n", "names no pair"),
    ):
        table.write_text(text, "utf-8")
        with pytest.raises(QueryError, match=complaint):
            read_pairs(table, made)


def test_two_pictures_of_one_name_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    for ending in ("png", "bmp"):
        make_picture(tmp_path / f"calm.{ending}")
    with pytest.raises(QueryError, match="two pictures of the name 'calm'"):
        pair_pictures(folders[1], [tmp_path])


def test_the_page_is_self_contained_and_escaped() -> None:
    bad = "<script>alert(1)</script>"
    part = Part("timbre", 0.5, False, 1, source=bad, files={bad: 0.25})
    page = render_report(MetricReport(Path(bad), Path("real"), (part, Part("fad", None, False))))
    assert bad not in page
    assert "&lt;script&gt;" in page
    assert "0.25" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_command_writes_json_and_a_page(
    run, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    real, made = folders
    (tmp_path / "silent").mkdir()
    make_silence(tmp_path / "silent" / "calm.wav", 3)
    words = ("report", "--reference", real, "--candidate")
    page = tmp_path / "page.html"
    code, out, err = run(*words, tmp_path / "silent", "--json", "--html", page)
    assert (code, err) == (1, "")
    told = json.loads(out)
    assert [part["value"] for part in told["parts"]] == [None] * 4
    assert "silent" in told["parts"][0]["reason"]
    assert page.read_text("utf-8").startswith("<!doctype html>")
    for more, complaint in (
        ((tmp_path / "absent",), "is not a folder"),
        ((made, "--html", page), "exists already"),
        ((made, "--seconds", "nan"), "120 seconds"),
        ((made, "--images", made, "--pairs", page), "leave --images out"),
    ):
        code, out, err = run(*words, *more)
        assert (code, out, err.count("\n"), complaint in err) == (2, "", 1, True), err


def test_a_table_of_pairs_is_a_plain_file(folders: tuple[Path, Path], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pairs.csv")
    with pytest.raises(QueryError, match="not a plain file"):
        read_pairs(tmp_path / "pairs.csv", folders[0])
