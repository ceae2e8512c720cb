import io

from rich.console import Console

from indexer.progress import Bars, Lines, Silence, choose_progress


def console(is_terminal):
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=100)


def test_a_terminal_gets_bars_and_a_pipe_gets_lines():
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
    lines = said.splitlines()
    assert lines[0] == "analyse: 2 files"
    assert lines[1].startswith("analyse: 1/2,")
    assert lines[-2].startswith("analyse: 2/2,")
    assert lines[-1] == "[red]a title, not markup[/red]"
    assert "\x1b" not in said


def test_bars_show_count_and_rate():
    place = console(True)
    with Bars(place) as progress:
        progress.begin("analyse", 3)
        for _ in range(3):
            progress.advance("analyse")
    assert "3/3" in place.file.getvalue()
