import io
import time
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from indexer.progress import Bars, Lines, Silence, choose_progress, follow


def console(is_terminal):
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=100)


def test_a_terminal_gets_bars_and_a_pipe_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(choose_progress(console(True)), Bars)
    assert isinstance(choose_progress(console(False)), Lines)
    assert isinstance(choose_progress(console(True), is_silent=True), Silence)


def test_lines_say_start_and_end_without_control_codes():
    place = console(False)
    with Lines(place) as progress:
        progress.begin("analyse", 2)
        progress.advance("analyse")
        progress.advance("analyse")
        progress.note("[red]a title, not markup[/red]")
    said = place.file.getvalue()
    assert said.splitlines() == [
        "analyse: 2 files",
        "analyse: 2/2, 0 s",
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
    with Lines(place) as progress, ThreadPoolExecutor(8) as pool:
        progress._done = Yielding()
        progress.begin("prepare", 400)
        list(pool.map(lambda _: progress.advance("prepare"), range(400)))
    assert place.file.getvalue().count("prepare: 400/400") == 1


def test_lines_tell_of_long_work_now_and_then(monkeypatch):
    clock = iter([0.0, 4.0, 11.0, 12.0])
    monkeypatch.setattr("indexer.progress.time.monotonic", lambda: next(clock))
    place = console(False)
    with Lines(place) as progress:
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


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose_progress(console(True)), Lines)


def test_counts_of_what_is_done_become_steps():
    place = console(False)
    with Lines(place) as progress:
        tell = follow(progress, "pictures")
        tell("read", 2, 3)
        tell("read", 3, 3)
        tell("draw", 1, 1)
    assert place.file.getvalue().splitlines() == [
        "read: 3 pictures",
        "read: 3/3, 0 s",
        "draw: 1 picture",
        "draw: 1/1, 0 s",
    ]
