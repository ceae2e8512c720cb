"""The table of results, read back as a reader would."""

from dataclasses import replace

import pytest

from benchmarks.reasons import explain
from benchmarks.results import (
    Row,
    describe_machine,
    format_results,
    format_row,
    judge,
    read_rows,
    write_rows,
)

ROWS = [
    Row("10", "similar", "half the songs", "2.1", "< 2.3", "met", command="python -m benchmarks.x"),
    Row("2", "a | b", "c\nd", "3.0", ">= 5", "short", "the decoder\nis slow"),
]


def test_table_is_ordered_by_claim_and_keeps_its_columns():
    page = format_results(ROWS, ["two cores"], 3.4)
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert table[2] == r"| 2 | a \| b | c d | 3.0 | >= 5 | short |"
    assert table[3] == "| 10 | similar | half the songs | 2.1 | < 2.3 | met |"
    assert "- two cores\n- 3 minutes of measuring" in page
    assert "- 2, a | b: the decoder is slow" in page
    assert "- `python -m benchmarks.x`" in page


def test_rows_survive_a_file(tmp_path):
    write_rows(ROWS, tmp_path / "rows.json")
    assert read_rows(tmp_path / "rows.json") == ROWS


@pytest.mark.parametrize(
    ("is_met", "is_quick", "verdict"),
    [(True, False, "met"), (False, False, "short"), (True, True, "quick"), (False, True, "quick")],
)
def test_a_quick_run_claims_nothing(is_met, is_quick, verdict):
    assert judge(is_met, is_quick=is_quick) == verdict


def test_row_for_a_terminal_has_goal_and_note():
    assert format_row(ROWS[1]) == "  2  a | b: 3.0 (goal >= 5), short\n     the decoder\nis slow"


def test_machine_names_cores_and_versions():
    text = "\n".join(describe_machine())
    assert " cores, " in text
    assert "numpy " in text
    assert "ffmpeg version" in text


def test_what_falls_short_says_why_and_nothing_else_does():
    row = Row("5", "cold `search --image`", "-", "2 s", "<= 1.5 s", "short", "as measured")
    assert explain(row).note.startswith("as measured; short: more than half is importing")
    assert explain(replace(row, note="")).note.startswith("short: ")
    for other in (
        replace(row, verdict="met"),
        replace(row, what="`mvsearch --help`"),
        replace(row, claim="99"),
    ):
        assert explain(other) == other
