"""A search is refined on the command line, by its name or as the last one."""

import json
from pathlib import Path

import pytest

from mvsearch.search.commands.last_results import find_state_file
from tests import toy_library
from tests.search.commands.conftest import Run


@pytest.fixture
def run(shell: Run, tmp_path: Path, toy_home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The shell with the toy library, without sessions and a last search."""
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(toy_home))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("sessions.json", "sessions.lock"):
        (toy_home / name).unlink(missing_ok=True)
    return shell


def test_the_last_search_is_refined(run: Run) -> None:
    assert run("search", "river")[0] == 0
    code, out, err = run("refine", "--like", "1", "--dislike", "2:look")
    assert (code, err.splitlines()[-1]) == (0, "session last: list 2, 1 liked, 1 disliked")
    assert "feedback" in out
    code, out, err = run("refine", "--json")
    told = json.loads(out)
    assert code == 0
    assert [len(one["judgements"]) for one in told["session"]["rounds"]] == [2, 0]
    assert told["results"][0]["feedback"]["points"]
    assert run("refine", "--undo")[2].endswith("session last: list 1, 0 liked, 0 disliked\n")
    assert run("sessions", "rename", "last", "beach")[0] == 0
    assert run("refine", "beach", "--like", "1,2", "--format", "csv")[1].startswith("rank,")
    code, out, _ = run("sessions", "list")
    assert out.splitlines()[1].split()[:5] == ["beach", "river", "2", "2", "0"]
    assert json.loads(run("sessions", "list", "--json")[1])[0]["name"] == "beach"
    assert run("sessions", "delete", "beach")[0] == 0
    assert run("sessions", "list")[1].startswith("there are no sessions")


def test_a_search_is_kept_by_name(run: Run) -> None:
    assert run("search", "river", "--session", "../x")[0] == 0
    code, _, err = run("search", "river", "--session", "../x")
    assert (code, err.splitlines()[-1]) == (2, "mvsearch: there is a session called ../x already")
    code, out, _ = run("search", "river", "--session", "../x", "--force", "--json")
    assert json.loads(out)["session"]["name"] == "../x"
    assert run("refine", "--like", "1")[2].startswith("session ../x: list 2")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["refine"], "there are no results to refine yet: run mvsearch search first"),
        (["refine", "nix"], "there is no session called nix: there is no session yet"),
        (["sessions", "delete", "\x1b[31m"], "there is no session called"),
        (["search", "river", "--session", ""], "the name of a session has 1 to 100 letters"),
        (["search", "river", "--session", "a\nb"], "the name of a session has 1 to 100 letters"),
    ],
)
def test_mistakes(run: Run, words: list[str], told: str) -> None:
    code, _, err = run(*words)
    assert code == 2
    assert told in err.splitlines()[-1]


def test_wrong_judgements(run: Run) -> None:
    run("search", "river")
    for words, told in (
        (["--like", "99"], "there is no number 99"),
        (["--like", "1", "--dislike", "1"], "result 1 is liked and disliked"),
        (["--like", "1:taste"], "nothing of a result is called 'taste'"),
        (["--forget", "second"], "last has no judgement of this video to forget"),
        (["--undo"], "last has no judgement to take back"),
        (["--top", "0"], "it is at least 1"),
    ):
        code, _, err = run("refine", *words)
        assert code == 2
        assert told in err.splitlines()[-1]


def test_another_library_or_a_damaged_state(run: Run, tmp_path: Path) -> None:
    run("search", "river")
    other = toy_library.make_indexed(tmp_path / "videos", tmp_path / "other")
    code, _, err = run("refine", "--like", "1", "--library", other)
    assert (code, "the last search was in the library" in err) == (2, True)
    data = json.loads(find_state_file().read_text())
    for asked in (None, 3, {"name": "x"}, {**data["asked"], "rounds": [{"shown": [1]}]}):
        find_state_file().write_text(json.dumps({**data, "asked": asked}))
        code, _, err = run("refine", "--like", "1")
        assert (code, err.count("\n")) == (2, 1)
