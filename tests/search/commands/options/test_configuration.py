"""The configuration file gives options other defaults, and every mistake in it is one line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings" / "config.toml"
    path.parent.mkdir()
    monkeypatch.setenv("MVSEARCH_CONFIG", str(path))
    monkeypatch.delenv("MVSEARCH_LIBRARY")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What commands ask of the library: its folder, and the arguments of each call."""
    calls: list[dict[str, Any]] = []

    class Library:
        def __init__(self, folder: Path | None, **words: Any) -> None:
            calls.append({"library": folder} | words)

        def __enter__(self) -> "Library":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def search(self, _: object, **words: Any) -> None:
            calls[-1].update(words)
            raise mvsearch.MvsearchError("asked")

        index = search

    monkeypatch.setattr(mvsearch, "open", Library)
    return calls


def test_an_option_goes_before_the_environment_the_file_and_the_default(
    config: Path, shell: Run, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    config.touch()
    shell("search", "--text", "x")
    assert (asked[-1]["library"], asked[-1]["top"]) == (None, 10)
    config.write_text('library = "mine"\ntop = 5\n[search]\ntop = 20\ncollapse = true\n')
    shell("search", "--text", "x")
    assert asked[-1]["library"] == config.parent / "mine"
    assert (asked[-1]["top"], asked[-1]["collapse"]) == (20, True)
    monkeypatch.setenv("MVSEARCH_LIBRARY", "/of/environment")
    shell("search", "--text", "x")
    assert asked[-1]["library"] is None  # which the library reads itself
    shell("search", "--text", "x", "--library", "typed", "--top", "3")
    assert (asked[-1]["library"], asked[-1]["top"]) == (Path("typed"), 3)


def test_a_home_folder_and_an_absolute_path_are_taken_as_they_are(
    config: Path, shell: Run, asked: list[dict[str, Any]]
) -> None:
    for told, folder in (("~/x", Path.home() / "x"), ("/a/b", Path("/a/b"))):
        config.write_text(f'[search]\nlibrary = "{told}"\n')
        shell("search", "--text", "x")
        assert asked[-1]["library"] == folder


def test_the_profile_of_the_file_is_for_new_libraries(
    config: Path, shell: Run, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    config.write_text('[index]\nprofile = "semantic"\nmax_hours = 3\nlanguage = "en"\n')
    words = ("index", str(tmp_path), "--library", str(tmp_path / "new"))
    shell(*words)
    assert (asked[-1]["profile"], asked[-1]["max_hours"]) == ("semantic", 3.0)
    assert asked[-1]["language"] == "en"
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "catalog.sqlite3").touch()
    shell(*words)
    assert asked[-1]["profile"] is None
    shell(*words, "--profile", "paper")
    assert asked[-1]["profile"] == "paper"


def test_the_environment_names_the_engine_before_the_file_does(
    config: Path, shell: Run, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('[index]\nwhisper-engine = "openai"\n[evaluate]\ngroups = ["a.csv"]\n')
    shell("index", ".")
    assert asked[-1]["whisper_engine"] == "openai"
    monkeypatch.setenv("MVSEARCH_WHISPER_ENGINE", "faster")
    shell("index", ".")
    assert asked[-1]["whisper_engine"] is None  # which Whisper reads itself
    assert str(config.parent / "a.csv") in shell("config", "show", "--json")[1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = [", "is not valid TOML: Invalid value (at end of document)"),
        ("tpo = 1", "nothing above the tables is called 'tpo'; there are library, top, weights"),
        ("[serach]", "no command is called [serach]; there are index, transcribe, search"),
        ("[search]\ntpo = 1", "[search] has no 'tpo'; there are query, text"),
        ('[search]\ntop = "1"', "[search] top: it is a whole number, not '1'"),
        ("[search]\ntop = true", "[search] top: it is a whole number, not True"),
        ("[search]\ntop = 0", "[search] top: it is at least 1, not '0'"),
        ("top = 0", "top: it is at least 1, not '0'"),
        ("[search]\ncollapse = 1", "[search] collapse: it is true or false, not 1"),
        ('[search]\nfusion = "x"', "[search] fusion: 'x' is not one of"),
        ('[search]\ntag = "x"', "[search] tag: it is a list of texts, not 'x'"),
        ("[search]\nlibrary = 3", "[search] library: it is text, not 3"),
        ('library = ""', "library: a path is empty"),
        ("[metric]\nfad = 1", "[metric] fad is a command: name a table"),
        ("[search.top]\nx = 1", "[search] top: it is a whole number, not {'x': 1}"),
        ("x = " + "[\n" * 9000, "is not valid TOML"),
        ("x = 0x_", "is not valid TOML"),
        ("a." * 30_000 + "a = 1", "has a line of more than 1000 bytes"),
        ("#\n" * 35_000, "is larger than 64 KiB"),
        ("a\udcffb", "is not valid TOML"),
    ],
)
def test_a_mistake_is_one_line_that_names_file_and_key(
    config: Path, shell: Run, asked: list[dict[str, Any]], text: str, complaint: str
) -> None:
    config.write_text(text, encoding="utf-8", errors="surrogateescape")
    code, out, err = shell("search", "--text", "x")
    assert (code, out, asked) == (2, "", [])
    assert complaint in err
    assert str(config) in err
    assert err.startswith("mvsearch: ")
    assert err.count("\n") == 1
    assert shell("search", "--help")[0] == 0
    assert shell("config", "path") == (0, f"{config}\n", "")


def test_a_file_that_cannot_be_read_is_one_line(
    config: Path, shell: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell("failures")[2].endswith("which $MVSEARCH_CONFIG names, does not exist\n")
    os.mkfifo(config)
    assert shell("failures")[2] == f"mvsearch: the configuration {config} is not a file\n"
    monkeypatch.setenv("MVSEARCH_CONFIG", str(config / "below"))
    assert shell("failures")[2].endswith("cannot be read: Not a directory\n")


def test_the_file_lies_in_the_platforms_folder(
    shell: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MVSEARCH_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert shell("config", "path")[1] == f"{tmp_path / 'mvsearch' / 'config.toml'}\n"
    assert shell("config", "show")[0] == 0  # and need not be there


def test_show_says_where_each_value_comes_from(
    config: Path, shell: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('library = "/mine"\n[search]\ntop = 20\n[metric.fad]\njson = true\n')
    code, out, err = shell("config", "show", "--json")
    assert (code, err) == (0, "")
    rows = {
        (row["command"], row["option"]): (row["value"], row["source"]) for row in json.loads(out)
    }
    assert rows == {
        (None, "library"): ("/mine", "file"),
        ("search", "top"): (20, "file"),
        ("metric fad", "json"): (True, "file"),
    }
    monkeypatch.setenv("MVSEARCH_LIBRARY", "/of/environment")
    listed = json.loads(shell("config", "show", "search", "--json")[1])
    rows = {row["option"]: (row["value"], row["source"]) for row in listed}
    assert rows["library"] == ("/of/environment", "$MVSEARCH_LIBRARY")
    assert rows["top"] == (20, "file")
    assert rows["per-artist"] == (None, "default")
    assert "/of/environment" in shell("config", "show")[1]
    assert shell("config", "show", "serach")[0] == 2


def test_titles_are_completed_from_the_library_of_the_file(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.main import get_command

    from mvsearch.search.commands.options.configuration import find_library

    config.write_text('library = "/mine"\n')
    group: Any = get_command(cli.app)
    root = group.make_context("mvsearch", ["show"], resilient_parsing=True)
    context = group.commands["show"].make_context("show", [], parent=root, resilient_parsing=True)
    assert find_library(context) == Path("/mine")
    monkeypatch.setenv("MVSEARCH_LIBRARY", "/of/environment")
    assert find_library(context) == Path("/of/environment")
