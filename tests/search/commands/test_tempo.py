"""What the terminal says of tempo and key."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mvsearch.store.opening import CATALOG
from tests.search.commands.conftest import Run

PLANTED = {"First Song": (124.0, "A minor"), "Second Song": (90.5, "C major")}


def plant(place: Path) -> None:
    """Give two videos of a library a tempo and a key."""
    with closing(sqlite3.connect(place / CATALOG)) as catalog, catalog:
        catalog.execute("UPDATE video SET bpm = NULL, key = NULL")
        for title, (bpm, key) in PLANTED.items():
            catalog.execute(
                "UPDATE video SET bpm = ?, bpm_confidence = .9, key = ?, key_confidence = .8"
                " WHERE title = ?",
                (bpm, key, title),
            )


@pytest.fixture
def run_timed(run: Run, toy_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    place = shutil.copytree(toy_home, tmp_path / "library")
    plant(place)
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(place))
    return run


def test_lists_are_by_tempo_and_key(run_timed: Run) -> None:
    code, out, _ = run_timed("list", "--sort", "bpm")
    lines = [line.split() for line in out.splitlines()]
    assert (code, lines[0][-2:]) == (0, ["bpm", "key"])
    assert [line[-4:] for line in lines[1:3]] == [
        ["90.5", "C", "major", "(8B)"],
        ["124.0", "A", "minor", "(8A)"],
    ]
    assert lines[3][-2:] == ["–", "–"]
    for asked, n in (
        (("--bpm", "120-128"), 1),
        (("--bpm", "124"), 1),
        (("--bpm", "-100"), 1),
        (("--bpm", "80-"), 2),
        (("--key", "am"), 1),
        (("--key", "8A", "--harmonic"), 2),
        (("--key", "8A", "--harmonic", "--bpm", "100-"), 1),
    ):
        found = json.loads(run_timed("list", *asked, "--json")[1])
        assert len(found) == n, asked
    assert "key" not in run_timed("list")[1].splitlines()[0]
    assert "tempo     124.0 BPM, A minor (8A)" in run_timed("show", "first song")[1].splitlines()
    assert run_timed("list", "--bpm", "200-")[1] == "nothing found with bpm 200-\n"
    assert run_timed("search", "river", "--bpm", "120-128")[0] == 0


@pytest.mark.parametrize(
    "asked",
    [
        *(("--bpm", text) for text in ("128-120", "fast", "-", "", "1e9", "120-2000", "-5-5")),
        *(("--key", text) for text in ("H", "", "13A", "A minor; DROP TABLE video", "\x1b[31m")),
        ("--harmonic",),
        ("--key", "nothing", "--harmonic"),
    ],
)
def test_what_no_song_can_be_is_refused_in_one_line(run: Run, asked: tuple[str, ...]) -> None:
    code, out, err = run("list", *asked)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "\x1b[31m" not in err


def test_a_library_from_before_is_told_what_to_do(run_timed: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "library" / CATALOG)) as catalog, catalog:
        catalog.execute("UPDATE video SET bpm = NULL, key = NULL, tempo_revision = NULL")
    code, out, err = run_timed("list", "--bpm", "120-128")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "index its folders again" in err
