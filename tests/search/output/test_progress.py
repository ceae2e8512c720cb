import io
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from rich.console import Console

from mvsearch.indexer.progress import Silence, count_steps
from mvsearch.search.output.progress import Bars, choose_progress
from mvsearch.search.output.progress_lines import Lines


def console(is_terminal):
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=100)


def write_to(place):
    return lambda line: place.print(line, highlight=False, markup=False, soft_wrap=True)


def test_a_terminal_gets_bars_and_a_pipe_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(choose_progress(console(True)), Bars)
    assert isinstance(choose_progress(console(False)), Lines)
    assert isinstance(choose_progress(console(True), is_silent=True), Silence)


def test_lines_say_start_and_end_without_control_codes():
    place = console(False)
    with Lines(write_to(place)) as progress:
        progress.begin("analyse", 2)
        progress.advance("analyse")
        progress.advance("analyse")
        progress.note("[red]a title, not markup[/red]")
    said = place.file.getvalue()
    assert said.splitlines() == [
        "analyse: 2 files",
        "analyse: 2/2, 0 s in all",
        "[red]a title, not markup[/red]",
    ]
    assert "\x1b" not in said


class Yielding(dict):
    """Lets other threads go on between a look-up and what is done with it."""

    def __getitem__(self, key):
        found = super().__getitem__(key)
        time.sleep(0)
        return found


def test_one_stage_is_moved_on_by_many_threads():
    place = console(False)
    with Lines(write_to(place)) as progress, ThreadPoolExecutor(8) as pool:
        progress._counts = Yielding()
        progress.begin("prepare", 400)
        list(pool.map(lambda _: progress.advance("prepare"), range(400)))
    assert place.file.getvalue().count("prepare: 400/400") == 1


def test_lines_tell_of_long_work_now_and_then(monkeypatch):
    clock = iter([0.0, 4.0, 11.0, 12.0])
    monkeypatch.setattr("mvsearch.search.output.progress_lines.time.monotonic", lambda: next(clock))
    place = console(False)
    with Lines(write_to(place)) as progress:
        progress.begin("analyse", 4)
        for _ in range(3):
            progress.advance("analyse")
    # Two in 11 seconds, so the other two take 11 more; then nothing for less than ten seconds.
    assert place.file.getvalue() == "analyse: 4 files\nanalyse: 2/4, 11 s, about 11 s left\n"


def test_bars_show_count_and_rate():
    place = console(True)
    with Bars(place) as progress:
        progress.begin("analyse", 3)
        for _ in range(3):
            progress.advance("analyse")
    assert "3/3" in place.file.getvalue()


class Clock:
    """A time that goes on only when it is told to."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(
            "mvsearch.search.output.progress_lines.time.monotonic", lambda: self.now
        )


def test_lines_tell_the_time_left_by_the_measure_and_the_mean_at_the_end(monkeypatch):
    clock = Clock(monkeypatch)
    place = console(False)
    with Lines(write_to(place)) as progress:
        progress.begin("analyse", 4)
        for done, now in ((30.0, 12.0), (60.0, 24.0), (90.0, 36.0), (300.0, 120.0)):
            clock.now = now
            progress.measure("analyse", done, 300.0)
            progress.advance("analyse")
    assert place.file.getvalue().splitlines() == [
        "analyse: 4 files",
        # A tenth of the minutes, though a quarter of the files.
        "analyse: 1/4, 12 s, about 108 s left",
        "analyse: 2/4, 24 s, about 96 s left",
        "analyse: 3/4, 36 s, about 84 s left",
        "analyse: 4/4, 120 s in all, 30.0 s each",
    ]


def read_bar(progress):
    """The text of the one bar now."""
    table = progress._progress.make_tasks_table(progress._progress.tasks)
    place = Console(file=io.StringIO(), width=100)
    place.print(table)
    return place.file.getvalue()


def test_bars_count_the_time_left_down_and_show_the_mean_at_the_end():
    clock = SimpleNamespace(now=0.0)
    progress = Bars(console(True))
    progress._progress.get_time = lambda: clock.now
    progress.begin("analyse", 4)
    clock.now = 12.0
    progress.measure("analyse", 30.0, 300.0)
    progress.advance("analyse")
    assert "1/4 12.0 s each 1:48 left" in read_bar(progress)
    clock.now = 20.0
    assert "1/4 20.0 s each 1:40 left" in read_bar(progress)
    clock.now = 20.3
    assert "1:40 left" in read_bar(progress), "99.7 s are rounded"
    clock.now = 20.0
    for _ in range(3):
        clock.now += 100 / 3
        progress.advance("analyse")
    clock.now += 1000  # other stages go on
    assert "4/4 30.0 s each 2:00 in all" in read_bar(progress)


def test_a_measure_that_says_nothing_leaves_the_count():
    place = console(True)
    with Bars(place) as progress:
        progress.begin("analyse", 2)
        progress.measure("analyse", 0.0, 0.0)
        progress.advance("analyse")
        progress.measure("analyse", 5.0, 2.0)
        progress.advance("analyse")
    assert "2/2" in place.file.getvalue()


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose_progress(console(True)), Lines)


def test_counts_of_what_is_done_become_steps():
    place = console(False)
    with Lines(write_to(place)) as progress:
        read = count_steps(progress, "read", "pictures")
        read(2, 3)
        read(3, 3)
        count_steps(progress, "draw", "pictures")(1, 1)
    assert place.file.getvalue().splitlines() == [
        "read: 3 pictures",
        "read: 3/3, 0 s in all",
        "draw: 1 picture",
        "draw: 1/1, 0 s in all",
    ]
