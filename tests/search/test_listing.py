"""Lists that stay lists whatever a name is like."""

import io
from pathlib import Path

from rich.console import Console

from search.listing import print_failures, print_videos
from store.records import Failure, Video


def show(print_table: object, *items: object, width: int = 80) -> str:
    page = io.StringIO()
    print_table(items, Console(file=page, width=width))  # type: ignore[operator]
    return page.getvalue()


def test_an_endless_title_takes_few_lines_and_cuts_no_id() -> None:
    ids = [f"{number:040x}" for number in (10**40, 2 * 10**40)]
    videos = [Video(one, Path("/m/a.mp4"), "x" * 5000, "y" * 5000, 3601.0) for one in ids]
    shown = show(print_videos, *videos)
    assert len(shown.splitlines()) < 16
    for one in ids:
        assert one[:12] in shown
    assert shown.count("1:00:01") == 2
    assert max(map(len, shown.splitlines())) <= 80


def test_failures_fit_into_a_narrow_terminal() -> None:
    path = Path("/music/" + "long" * 60 + ".mp4")
    shown = show(print_failures, Failure(path, "decode", "decode_failed", "nothing " * 20))
    assert "decode_failed" in shown
    assert max(map(len, shown.splitlines())) <= 80
