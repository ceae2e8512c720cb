"""Lists that stay lists whatever a name is like."""

import ast
import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from mvsearch.indexer.encoders.networks.files.weights import ModelStatus
from mvsearch.search.entry import Entry
from mvsearch.search.output.tables.listing import (
    N_TAGS,
    print_entry,
    print_failures,
    print_models,
    print_videos,
)
from mvsearch.search.output.tables.status import print_status
from mvsearch.store.records import Failure, Tag, Video


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


def test_tags_are_shown_with_their_times_and_the_surest_first() -> None:
    tags = (Tag("seashore", 12.0, 18.5, 0.83), Tag("\x1b[31mdrake", 0.5, 3.25, 0.5))
    entry = Entry(Video("ab12", Path("/m/a.mp4"), "Song"), (), (), None, 0, tags)
    page = io.StringIO()
    print_entry(entry, Console(file=page, width=80))
    assert "looks     seashore 0:12–0:18 0.83, \ufffd[31mdrake 0:00–0:03 0.50\n" in page.getvalue()
    assert entry.to_dict()["tags"][0] == {
        "name": "seashore",
        "start_seconds": 12.0,
        "end_seconds": 18.5,
        "probability": 0.83,
        "modality": "frames",
    }
    heard = replace(entry, tags=(*tags, Tag("Trumpet", 1.0, 2.0, 0.9, "audio")))
    print_entry(heard, Console(file=page, width=80))
    assert "sounds    Trumpet 0:01–0:02 0.90\n" in page.getvalue()


def test_many_tags_are_counted_and_all_are_in_json() -> None:
    tags = tuple(Tag(f"thing {n}", n, n + 1, 0.5) for n in range(N_TAGS + 3))
    entry = Entry(Video("ab12", Path("/m/a.mp4"), "Song"), (), (), None, 0, tags)
    page = io.StringIO()
    print_entry(entry, Console(file=page, width=80))
    assert page.getvalue().count("thing") == N_TAGS
    assert "and 3 more" in page.getvalue()
    assert len(entry.to_dict()["tags"]) == N_TAGS + 3


def test_the_status_says_how_much_an_approximate_index_finds() -> None:
    counts = {"segments": 300_000, "pending": 0}
    status = {
        "library": "/l", "profile": "toy", "videos": 3, "folders": [], "failures": 0,
        "missing_folders": [], "removed": 0,
        "median_unrelated": {},
        "stages": {"frames": {"seer@1": counts | {"recall": 0.984}}, "audio": {"ear@1": counts}},
    }  # fmt: skip
    page = io.StringIO()
    print_status(status, Console(file=page, width=120))
    told = {line.split()[0]: line for line in page.getvalue().splitlines()}
    assert "300000 segments, approximate, recall 0.98, 0 videos to do (seer@1)" in told["frames"]
    assert "approximate" not in told["audio"]


def test_brackets_of_models_are_text() -> None:
    status = ModelStatus(
        "whisper[x]", ("[b]p[/b]",), True, 5, None, "pip install 'a[faster]'", "[y]"
    )
    shown = show(print_models, status, width=120)
    for text in ("whisper[x]", "[b]p[/b]", "pip install 'a[faster]'", "whisper[x]: [y]"):
        assert text in shown


def test_no_console_reads_markup() -> None:
    root = Path(__file__).parents[4]
    made = []
    for path in [root / "cli.py", *(root / "search").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Console":
                made.append({keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords})
    assert made
    assert all((one.get("markup"), one.get("emoji")) == ("False", "False") for one in made)
