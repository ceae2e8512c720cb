"""Results of the last search are played at their moment, by players that write what they got."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from mvsearch.search.commands.last_results import find_state_file
from tests.search.commands.conftest import Run

LINE = "take me home along the river"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the last results, in a folder of this test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return find_state_file()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str, code: int = 0) -> Path:
    """Players, and no other program, that write their names and arguments into a file."""
    programs, told = folder / "programs", folder / "told"
    programs.mkdir()
    for name in names:
        script = f"#!/bin/sh\nprintf '%s\\n' {name} \"$@\" >'{told}'\nexit {code}\n"
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return told


def write_state(file: Path, *results: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"version": 1, "results": results}))


@pytest.mark.parametrize(
    ("players", "arguments"),
    [
        (("mpv", "vlc", "xdg-open"), "mpv --start=4.000 -- {path}"),
        (("vlc", "xdg-open"), "vlc --start-time=4.000 -- {uri}"),
        (("xdg-open",), "xdg-open {path}"),
    ],
)
def test_a_result_is_played_at_its_moment(
    run: Run, toy_videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    players: tuple[str, ...], arguments: str,
) -> None:  # fmt: skip
    assert run("search", "--lyric", LINE)[0] == 0
    told = install(tmp_path, monkeypatch, *players)
    monkeypatch.setattr("sys.platform", "linux")
    code, out, err = run("play", 1)
    assert (code, err) == (0, "")
    assert out.startswith("Ada Lovelace - First Song ")
    assert "0:04" in out
    path = toy_videos / "Ada Lovelace - First Song.mp4"
    wanted = [word.format(path=path, uri=path.as_uri()) for word in arguments.split(" ")]
    assert told.read_text().splitlines() == wanted


def test_the_last_results_are_the_users_own(run: Run, state: Path) -> None:
    run("search", "--lyric", LINE, "--json")
    assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700
    assert [path.name for path in state.parent.iterdir()] == [state.name]


def test_a_search_does_not_fail_where_nothing_can_be_kept(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    code, out, err = run("search", "--lyric", LINE)
    assert (code, err) == (0, "")
    assert "First Song" in out
    code, _, err = run("play")
    assert code == 2
    assert "mvsearch search" in err


@pytest.mark.parametrize("name", ["--fullscreen $(touch x) `id` ;'\"\n#.mp4", "a%20b\udcff é.mp4"])
def test_a_strangers_name_is_a_path_and_nothing_else(
    run: Run, toy_videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Path,
    name: str,
) -> None:  # fmt: skip
    path = tmp_path / name
    path.write_bytes((toy_videos / "Ada Lovelace - First Song.mp4").read_bytes())
    write_state(state, {"path": str(path), "name": "\x1b[31mred", "start_seconds": 1})
    told = install(tmp_path, monkeypatch, "mpv")
    before = set(Path.cwd().iterdir())
    code, out, _ = run("play")
    assert code == 0
    assert "\x1b" not in out
    assert told.read_bytes() == b"mpv\n--start=1.000\n--\n" + os.fsencode(path) + b"\n"
    assert set(Path.cwd().iterdir()) == before


GOOD = {"path": "/x.mp4", "name": "x", "start_seconds": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "\xff",
        "[" * 100_000,
        json.dumps({"version": 2, "results": []}),
        json.dumps({"version": 1, "results": 5}),
        json.dumps({"version": 1, "results": [5]}),
        *(
            json.dumps({"version": 1, "results": [GOOD | wrong]})
            for wrong in (
                {"path": "x.mp4"}, {"path": "--x"}, {"path": "/x\0"}, {"path": 5}, {"name": None},
                {"start_seconds": "soon"}, {"start_seconds": -1}, {"start_seconds": float("nan")},
                {"start_seconds": [1]}, {"start_seconds": 1e300},
            )
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_it_was_written_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Path, text: str
) -> None:
    told = install(tmp_path, monkeypatch, "mpv")
    state.parent.mkdir(parents=True)
    state.write_text(text, encoding="latin-1")
    code, out, err = run("play")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "search again" in err
    assert not told.exists()


def test_what_cannot_be_played_is_said(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Path, toy_videos: Path
) -> None:
    (tmp_path / "evil.desktop").write_text("[Desktop Entry]\nExec=touch x\n")
    video = str(toy_videos / "Ada Lovelace - First Song.mp4")
    write_state(
        state,
        GOOD | {"path": str(tmp_path / "gone.mp4")},
        GOOD | {"path": str(tmp_path / "evil.desktop")},
        GOOD | {"path": video},
    )
    told = install(tmp_path, monkeypatch, "vlc", code=3)
    for number, complaint in (
        (1, "does not exist any more"),
        (2, "is not a media file any more"),
        (4, "the last search has 3 results: there is no number 4"),
    ):
        code, _, err = run("play", number)
        assert (code, err.count("\n")) == (2, 1)
        assert complaint in err
        assert not told.exists()
    assert run("play", 3)[0] == 1
    (tmp_path / "programs" / "vlc").unlink()
    assert "install mpv or VLC" in run("play", 3)[2]
