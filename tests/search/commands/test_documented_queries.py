"""The examples of docs/queries.md do what the page says."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest

import mvsearch
from mvsearch.search.query.language.functions import FUNCTIONS
from mvsearch.search.query.language.pointing import point_at
from tests import media
from tests.search.commands.conftest import Run

PAGE = (Path(__file__).parents[3] / "docs/queries.md").read_text(encoding="utf-8")
# The page speaks of songs that people know.
TEXT = PAGE.replace("Paper Moon", "Second Song")
COMMANDS = [
    shlex.split(one)[1:] for one in re.findall(r"^ {4}(mvsearch search .+)$", TEXT, re.MULTILINE)
]
CELLS = re.findall(r"`((?:\w+)\([^`]+\))`", "".join(re.findall(r"^\| [^|]+\|", TEXT, re.MULTILINE)))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, toy_videos: Path) -> Path:
    folder = tmp_path_factory.mktemp("files")
    media.make_picture(folder / "beach.jpg", "smptebars")
    os.link(toy_videos / "Ada Lovelace - First Song.mp4", folder / "party.mp4")
    return folder


def test_there_are_examples_of_every_part() -> None:
    assert len(COMMANDS) > 10
    named = {name for one in CELLS for name in re.findall(r"^(\w+)\(", one)}
    assert named >= set(FUNCTIONS) - {"audio"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_example_finds_videos(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(files)
    code, out, err = run(*words, "--json", "--top", "1")
    assert code == 0, err
    answer = json.loads(out)
    assert len(answer["results"]) == 1
    written = answer["query"].get("written")
    if written is not None:
        assert (
            mvsearch.parse_query(written).to_dict()["expression"] == answer["query"]["expression"]
        )
        assert len(answer["results"][0]["parts"]) == len(answer["query"]["parts"])


@pytest.mark.parametrize("text", CELLS)
def test_a_part_is_read(text: str) -> None:
    assert mvsearch.parse_query(text).written is not None


def test_the_python_of_the_page_runs(
    toy_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(toy_home))
    (code,) = re.findall(r"```python\n(.+?)```", TEXT, re.DOTALL)
    exec(code, {})
    assert 'text("rain")' in capsys.readouterr().out


def test_the_error_is_that_of_the_page() -> None:
    (shown,) = re.findall(r"```\n(mvsearch: .+?)```", TEXT, re.DOTALL)
    line, text, mark = shown.rstrip().split("\n")
    with pytest.raises(mvsearch.QuerySyntaxError) as error:
        mvsearch.parse_query(text.strip())
    refused = error.value
    assert line == f"mvsearch: {refused}"
    assert (text, mark) == tuple(f"  {one}" for one in point_at(text.strip(), refused.position))
