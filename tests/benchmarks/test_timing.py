"""Timing by planted costs: no clock decides a test."""

import os
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import timing
from benchmarks.timing import (
    CommandFailedError,
    Comparison,
    compare,
    fit_exponent,
    list_tree,
    measure,
    read_memory,
    run_command,
)
from tests.limits import HANG_SECONDS


def test_things_take_turns_and_each_begins_a_round():
    order = []
    things = {name: (lambda name=name: order.append(name)) for name in "abc"}
    found = compare(things, rounds=3)
    assert "".join(order) == "abcbcacab"
    assert all(len(costs) == 3 for costs in found.costs.values())


def test_ratio_is_the_median_of_the_rounds():
    found = Comparison({"ours": (2.0, 30.0, 4.0), "theirs": (1.0, 10.0, 4.0)})
    assert found.ratios("ours", "theirs") == (2.0, 3.0, 1.0)
    assert found.ratio("ours", "theirs") == 2.0
    assert found.median("ours") == 4.0
    assert found.describe("ours", "theirs") == "2.00 (1.00 to 3.00)"


def test_a_thing_may_tell_its_own_cost():
    assert measure(lambda: 7) == 7.0
    assert measure(lambda: None) >= 0


def test_command_gives_output_cpu_time_and_the_memory_of_its_children(tmp_path, monkeypatch):
    seen = tmp_path / "seen"

    def read(pid):
        n_bytes = read_memory(pid)
        if n_bytes > 60 << 20:
            seen.touch()
        return n_bytes

    monkeypatch.setattr(timing, "read_memory", read)
    hold = (
        "import os, time; held = bytearray(60 << 20)\n"
        f"while not os.path.exists({str(seen)!r}): time.sleep(0.01)"
    )
    nested = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}]); print('ok')"
    )
    cost = run_command([sys.executable, "-c", nested], is_watched=True, limit_seconds=HANG_SECONDS)
    assert cost.output == "ok\n"
    assert 0 < cost.cpu_seconds <= cost.wall_seconds * os.cpu_count()
    assert cost.peak_bytes is not None
    assert 60 << 20 < cost.peak_bytes < 200 << 20


def test_a_child_that_has_not_started_its_program_is_not_counted():
    code = "import os, sys; os.fork(); os.write(1, b'f'); sys.stdin.read()"
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.read(2) == b"ff"
        assert list_tree(process.pid) == [process.pid]
        assert len(list_tree(os.getpid())) >= 2
        process.stdin.close()


def test_failed_command_says_why_in_one_line():
    with pytest.raises(CommandFailedError, match=r"code 3, no such thing$"):
        run_command(
            [
                sys.executable,
                "-c",
                "import sys; print('no such thing', file=sys.stderr); sys.exit(3)",
            ]
        )


def test_command_that_does_not_end_is_ended_with_its_children():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], stdin=0)"
    stuck = [sys.executable, "-c", f"{code}; import time; time.sleep(3600)"]
    with pytest.raises(CommandFailedError, match="code -9"):
        run_command(stuck, limit_seconds=0.3)


def test_tree_holds_this_process():
    assert os.getpid() in list_tree(os.getpid())


@pytest.mark.parametrize("power", [0.0, 1.0, 1.7])
def test_exponent_is_that_of_a_planted_power_law(power):
    sizes = np.array([1.0, 2.0, 4.0, 8.0])
    assert fit_exponent(sizes, 3.5 * sizes**power) == pytest.approx(power, abs=1e-9)


def test_no_exponent_fits_one_size():
    with pytest.raises(ValueError, match="no power fits"):
        fit_exponent([5, 5], [1, 2])


def test_a_command_may_keep_what_it_compiled(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    said = run_command([sys.executable, "-c", "import sys; print(sys.dont_write_bytecode)"])
    assert said.output.strip() == "False"
