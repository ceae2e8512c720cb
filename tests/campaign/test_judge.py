"""The judge of the campaign can fail: a planted fault of each kind is told as what it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvsearch.store.library import Library
from tests.campaign import kills, planted, tasks
from tests.campaign.processes import Limits, run_task
from tests.campaign.tally import Finding, Tally, format_table


@pytest.mark.parametrize(
    ("task", "limits", "status", "sign"),
    [
        (tasks.fail_plainly, Limits(), "traceback", "KeyError: 'planted'"),
        (tasks.fail_in_thread, Limits(), "traceback", "planted in a thread"),
        (tasks.die, Limits(), "traceback", "code -6"),
        (tasks.spin, Limits(cpu_seconds=0.3), "hang", "in spin"),
        (tasks.wait, Limits(idle_seconds=0.5), "hang", "in wait"),
        (tasks.spin, Limits(kill_at=0.2), "killed", ""),
    ],
)
def test_each_end_is_told(task: Any, limits: Limits, status: str, sign: str) -> None:
    outcome = run_task(task, limits=limits)
    assert outcome.status == status
    assert sign in outcome.text


def test_what_is_well_is_no_finding(tmp_path: Path) -> None:
    home, other = (planted.plant(tmp_path / name, 5) for name in ("one", "other"))
    assert tasks.compare_libraries(home, other) is None


def test_a_lost_row_is_told(tmp_path: Path) -> None:
    home = planted.plant(tmp_path / "one", 5)
    other = planted.plant(tmp_path / "other", 5)
    with Library.open(home) as library:
        planted.ask_all(library)  # makes the caches, too
        with library.writing():
            library.catalog.drop_locations([planted.MEDIA / "3.mp4"])
    assert "table" in (tasks.compare_libraries(home, other) or "")


def test_a_lost_vector_of_a_cache_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, other = (planted.plant(tmp_path / name, 5) for name in ("one", "other"))
    real = planted.read_vectors

    def lose(library: Library) -> dict[str, Any]:
        held = real(library)
        if library.folder == home:
            held[min(held)] = np.zeros_like(held[min(held)])
        return held

    monkeypatch.setattr(planted, "read_vectors", lose)
    assert "vectors of" in (tasks.compare_libraries(home, other) or "")


def test_an_act_that_forgets_is_lost_and_one_that_refuses_is_told(tmp_path: Path) -> None:
    start = planted.plant(tmp_path / "start", 4)
    expected = planted.plant(tmp_path / "expected", 5)
    act = kills.Act(
        "nothing", tasks.build_caches, (), start, expected, tasks.compare_libraries, 0.1
    )
    findings, _ = kills.try_kill(act, tmp_path, 1)
    assert [finding.fault for finding in findings] == ["lost"]
    (tmp_path / "empty").mkdir()
    act = kills.Act(
        "nothing", tasks.build_caches, (), tmp_path / "empty", expected,
        tasks.compare_libraries, 0.1,
    )  # fmt: skip
    findings, _ = kills.try_kill(act, tmp_path, 2)
    assert {finding.fault for finding in findings} == {"traceback"}


def test_the_table_counts_seeds_and_says_how_to_see_them_again() -> None:
    tally = Tally("media")
    tally.add(n_tried=7, unreadable=2)
    tally.add([Finding("hang", "media", 11, "a\nb.mp4", "in spin")], n_tried=1, unreadable=1)
    tally.add([Finding("lost", "media", 11, "c.mp4", "gone")], n_tried=1)
    table = format_table([tally]).splitlines()
    assert table[1].split() == ["media", "9", "8", "1", "0", "1", "0", "unreadable", "3"]
    assert table[2].startswith("hang: media --seed 11 --count 1")
    assert "'a\\nb.mp4'" in table[2]
    assert table[-1].strip() == "gone"
