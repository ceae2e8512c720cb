"""Completion in a shell, asked as the scripts of Typer ask."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mvsearch import cli
from mvsearch.search.commands.process import run_app
from tests.plugin_package import install_example

ROOT = Path(__file__).parents[4]
Complete = Callable[..., tuple[str, str]]


def asked(home: Path, line: str, shell: str = "bash") -> dict[str, str]:
    """The environment in which a shell asks for the last word of a line, here split at tabs."""
    words = line.split("\t")
    return {
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": " ".join(words),
        "_MVSEARCH_COMPLETE": f"complete_{shell}",
        "MVSEARCH_LIBRARY": str(home),
    }


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Complete:
    def call(home: Path, line: str, shell: str = "bash") -> tuple[str, str]:
        """What the shell gets, and what it would show as an error."""
        for name, value in asked(home, line, shell).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["mvsearch"])
        with pytest.raises(SystemExit):
            run_app(cli.app)
        out, err = capsys.readouterr()
        return out.strip(), err

    return call


def test_bash_gets_a_title_with_its_spaces_quoted(toy_home: Path, complete: Complete) -> None:
    out, _ = complete(toy_home, "mvsearch\tshow\tsec")
    assert out != "Second Song"
    assert shlex.split(out) == ["Second Song"]
    assert complete(toy_home, 'mvsearch\tshow\t"sec')[0] == "Second Song"


def test_the_library_may_be_named_in_the_line(toy_home: Path, complete: Complete) -> None:
    line = f"mvsearch\tsimilar\t--library\t{shlex.quote(str(toy_home))}\tthi"
    assert shlex.split(complete(Path("nowhere"), line)[0]) == ["Third Song"]


def test_zsh_quotes_for_itself(toy_home: Path, complete: Complete) -> None:
    assert '"First Song"' in complete(toy_home, "mvsearch\tsearch\t--like\tfir", "zsh")[0]


@pytest.mark.parametrize("damage", ["no library", "no database"])
def test_it_is_silent_whatever_is_wrong(tmp_path: Path, complete: Complete, damage: str) -> None:
    if damage == "no database":
        (tmp_path / "catalog.sqlite3").write_bytes(b"SQLite format 3\0 and nothing more")
    assert complete(tmp_path, "mvsearch\tshow\tF") == ("", "")


def test_it_imports_nothing_heavy(toy_home: Path) -> None:
    code = (
        "import atexit, sys; sys.argv[0] = 'mvsearch'; from mvsearch import cli\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); cli.main()"
    )
    environment = os.environ | asked(toy_home, "mvsearch\tshow\tF")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == r"First\ Song"
    assert not {"numpy", "sqlalchemy", "rich.console", "torch"} & set(done.stderr.split())


def test_the_program_installs_its_completion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["mvsearch", "--install-completion", "bash"])
    with pytest.raises(SystemExit) as ended:
        run_app(cli.app)
    assert ended.value.code == 0
    assert "bash completion installed" in capsys.readouterr().out
    (script,) = tmp_path.rglob("mvsearch.sh")
    assert "_MVSEARCH_COMPLETE=complete_bash" in script.read_text()
    assert str(script) in (tmp_path / ".bashrc").read_text()


def test_options_of_the_program_complete_after_a_command(complete: Complete) -> None:
    assert complete(Path("nowhere"), "mvsearch\tsearch\t--qui") == ("--quiet", "")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("index\t--profile\t", "embedded sound paper semantic colours"),
        ("search\t--format\t", "table csv json m3u markdown"),
        ("similar\t--format\t", "table txt csv json html m3u markdown"),
        ("similar\t--format\tm", "m3u markdown"),
    ],
)
def test_names_are_completed_with_those_of_plugins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complete: Complete, line: str, names: str
) -> None:
    install_example(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    out, err = complete(Path("nowhere"), f"mvsearch\t{line}")
    assert (out.split(), err) == (names.split(), "")
