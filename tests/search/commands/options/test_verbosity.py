"""-v tells what is done, -vv everything, -q errors alone, before a command and after it."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

import mvsearch
from mvsearch.search.output.progress import Lines, choose_progress
from mvsearch.search.output.terminal import make_console
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "an\x1b[31m odd library"
    Library.open(folder, create=True).close()
    return folder


@pytest.mark.parametrize("words", [("-v", "failures"), ("failures", "-v"), ("failures", "-vv")])
def test_more_is_told_before_and_after_a_command(
    shell: Run, library: Path, words: tuple[str, ...]
) -> None:
    code, out, err = shell(*words, "--library", str(library))
    assert (code, out) == (0, "no failures\n")
    assert f"mvsearch: opened the library {library.parent}" in err
    assert "\x1b" not in err
    assert shell("failures", "--library", str(library)) == (0, "no failures\n", "")


@pytest.mark.parametrize(
    ("words", "levels"),
    [
        (("failures",), "WE"),
        (("-v", "failures"), "IWE"),
        (("failures", "--verbose"), "IWE"),
        (("failures", "-vv"), "DIWE"),
        (("-vvv", "failures"), "DIWE"),
        (("-q", "failures"), "E"),
        (("failures", "--quiet"), "E"),
    ],
)
def test_each_option_lets_its_levels_through(
    shell: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], levels: str
) -> None:
    shown = []

    def tell(*_: object, **__: object) -> None:
        ours, theirs = logging.getLogger("mvsearch.store.x"), logging.getLogger("someone.else")
        for logger in (ours, theirs):
            logger.debug("D")
            logger.info("I")
        ours.warning("W")
        ours.error("E")
        shown.append(isinstance(choose_progress(make_console()), Lines))
        raise MvsearchError("told")

    monkeypatch.setattr(mvsearch, "open", tell)
    told = "".join(f"mvsearch: {level}\n" for level in levels)
    assert shell(*words) == (2, "", f"{told}mvsearch: told\n")
    assert shown == [levels != "E"]
    assert logging.getLogger("mvsearch").level == logging.NOTSET


def test_an_error_is_told_however_quiet(shell: Run, tmp_path: Path) -> None:
    code, out, err = shell("failures", "-q", "--library", str(tmp_path / "none"))
    assert (code, out) == (2, "")
    assert err.startswith("mvsearch: there is no library")
