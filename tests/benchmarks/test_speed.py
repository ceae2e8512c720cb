"""The suite goes on when a program fails, and says so."""

import sys
import threading

import numpy as np
import pytest

from benchmarks import speed
from benchmarks.large.scale import measure_recall
from benchmarks.program import ROOT, BenchOptions, mvsearch, run_program
from benchmarks.results import Row, read_rows
from tests.limits import HANG_SECONDS


def test_every_program_of_the_suite_can_be_run_alone():
    for name in speed.PROGRAMS.keys() - {"media.decoding", "lyrics.transcription"}:
        assert f'run_program("{name}", ' in (
            ROOT / f"benchmarks/{name.replace('.', '/')}.py"
        ).read_text("utf-8")


def test_a_program_that_fails_is_a_row(monkeypatch):
    # Called with other words than its own, it ends in an error.
    monkeypatch.setitem(speed.PROGRAMS, "media.published", "99")
    (row,) = speed.run_one("media.published", [])
    assert (row.claim, row.verdict) == ("99", "failed")
    assert sys.executable not in row.note


def test_a_program_that_is_not_there_is_left_out():
    (row,) = speed.run_one("nobody", [])
    assert row.verdict == "left out"


def test_page_holds_what_ran_and_what_failed(monkeypatch, tmp_path, capsys):
    def run_one(name, words):
        assert "--quick" in words
        return [Row(speed.PROGRAMS[name], name, "-", f"figure of {name}")]

    monkeypatch.setattr(speed, "run_one", run_one)
    speed.main(["media.encoding", "media.memory", "--quick", "--cache", str(tmp_path)])
    page = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert page.index("figure of media.encoding") < page.index("figure of media.memory")
    assert "RESULTS.md" in capsys.readouterr().out


def test_a_program_measured_anew_takes_the_place_of_its_own_rows_alone(monkeypatch, tmp_path):
    figures = iter(["first", "second", "third"])

    def run_one(name, words):
        return [Row(speed.PROGRAMS[name], name, "-", f"{next(figures)} of {name}")]

    monkeypatch.setattr(speed, "run_one", run_one)
    page = tmp_path / "page.md"
    page.write_text(f"old\n{speed.KEPT}\n\nof another command\n", "utf-8")
    for names in (["media.encoding", "media.memory"], ["media.memory"]):
        speed.main([*names, "--cache", str(tmp_path), "--out", str(page)])
    written = page.read_text("utf-8")
    assert written.endswith(f"\n\n{speed.KEPT}\n\nof another command\n")
    assert "old" not in written
    assert "first of media.encoding" in written
    assert "third of media.memory" in written
    assert "second" not in written


def test_what_no_claim_rests_on_runs_only_when_it_is_named(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(speed, "prepare", lambda words, told: None)
    monkeypatch.setattr(speed, "run_one", lambda name, words: ran.append(name) or [])
    speed.main(["--cache", str(tmp_path), "--out", str(tmp_path / "page.md")])
    assert sorted(ran) == sorted(speed.PROGRAMS.keys() - {"media.decoding"})


def test_what_no_clock_measures_runs_side_by_side_and_nothing_else_does(monkeypatch, tmp_path):
    at_once, greatest = set(), {}
    meeting = threading.Barrier(2, timeout=HANG_SECONDS)

    def run_one(name, words):
        at_once.add(name)
        if name in speed.UNHURRIED:
            meeting.wait()
        greatest[name] = set(at_once)
        if name in speed.UNHURRIED:
            meeting.wait()
        at_once.discard(name)
        return [Row(speed.PROGRAMS[name], name, "-", "-")]

    monkeypatch.setattr(speed, "run_one", run_one)
    speed.run_all(list(speed.PROGRAMS), [], tmp_path)
    for name in speed.PROGRAMS:
        assert greatest[name] == (set(speed.UNHURRIED) if name in speed.UNHURRIED else {name})
        assert [row.what for row in read_rows(tmp_path / f"{name}.json")] == [name]


def test_unknown_program_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        speed.main(["nonsense"])
    assert "no program is called nonsense" in capsys.readouterr().err


def test_rows_of_a_program_go_to_a_file_with_its_command(tmp_path, capsys):
    def measure(options: BenchOptions):
        assert options.is_quick
        assert options.rounds == 1
        return [Row("1", "what", "against", "2 x")]

    words = ["--quick", "--cache", str(tmp_path / "cache"), "--rows", str(tmp_path / "rows")]
    run_program("media.indexing", measure, words)
    (row,) = read_rows(tmp_path / "rows")
    assert row.command == "python -m benchmarks.media.indexing"
    assert "what: 2 x, shown" in capsys.readouterr().out


def test_recall_is_the_mean_share_of_what_is_true():
    true = np.array([[1, 2], [3, 4]])
    assert measure_recall(true, np.array([[2, 9], [4, 3]])) == pytest.approx(0.75)


def test_commands_run_this_checkout():
    words = mvsearch("--help")
    assert words[1:3] == ["-m", "mvsearch.cli"]
    assert words[3] == "--help"
