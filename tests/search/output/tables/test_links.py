"""Links in tables: for a terminal alone, and harmless whatever a file is called."""

import io
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from rich.console import Console

from mvsearch.search.output.report import print_results
from mvsearch.search.output.tables.links import link_file
from mvsearch.search.output.tables.listing import print_videos
from mvsearch.search.results import Result
from mvsearch.store.records import Video

# The link of a cell: its address, then the text until the link ends.
LINK = re.compile(r"\x1b\]8;id=\d+;([^\x1b]*)\x1b\\(.*?)\x1b\]8;;\x1b\\", re.DOTALL)
VIDEO = Video("ab12cd34ef56", Path("/m/a b.mp4"), "Home", other_paths=(Path("/m/copy#1.mp4"),))


def make_terminal(*, is_terminal: bool = True) -> tuple[io.StringIO, Console]:
    page = io.StringIO()
    console = Console(
        file=page, width=90, force_terminal=is_terminal, color_system="standard", markup=False,
        _environ={"TERM": "xterm"},
    ) if is_terminal else Console(file=page, width=90, markup=False)  # fmt: skip
    return page, console


def test_a_list_and_results_link_to_their_files() -> None:
    page, console = make_terminal()
    print_videos([VIDEO], console)
    links = {text.strip(): address for address, text in LINK.findall(page.getvalue())}
    assert links == {"Home": "file:///m/a%20b.mp4", "= /m/copy#1.mp4": "file:///m/copy%231.mp4"}
    page, console = make_terminal()
    print_results([Result(1, 0.5, VIDEO, {}, ())], console)
    assert [address for address, _ in LINK.findall(page.getvalue())] == ["file:///m/a%20b.mp4"]


@pytest.mark.parametrize("name", ["\x1b\\\x1b]0;owned\x07.mp4", "\x9c\udcff;%41 ü?#.mp4"])
def test_no_name_of_a_file_ends_its_link(name: str) -> None:
    page, console = make_terminal()
    console.print(link_file("Home", Path("/m") / name))
    ((address, text),) = LINK.findall(page.getvalue())
    assert text == "Home"
    assert re.fullmatch(r"file:///m/[\w%.\-~]+", address, re.ASCII)
    path = unquote_to_bytes(address.removeprefix("file://"))
    assert path == b"/m/" + name.encode("utf-8", "surrogateescape")
    assert LINK.sub("", page.getvalue()).strip() == ""


def test_elsewhere_there_is_no_link() -> None:
    page, console = make_terminal(is_terminal=False)
    print_videos([VIDEO], console)
    assert "\x1b" not in page.getvalue()
    assert "file:" not in page.getvalue()
