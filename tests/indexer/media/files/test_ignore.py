"""What `.mvsearchignore` leaves out, against what git leaves out of the same tree."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from mvsearch.indexer.media.files.ignore import (
    IGNORE_NAME,
    MAX_BYTES,
    MAX_LETTERS,
    MAX_PATTERNS,
    IgnoreRules,
    parse_line,
)
from mvsearch.indexer.media.files.scan import Scan, ScanOptions, scan_places

NAMES = ("a", "b", "ab", "abc", "a*", "é", "a b", "#a", "!b")
PIECES = ("a", "b", "c", "*", "**", "/", "?", "[ab]", "[!a]", "[^b]", r"\*", " ", "é", "#", "!")
LINES = (
    "*.mp4", "!keep.mp4", "/a.mp4", "a/", "!a/", "a/**/b.mp4", "**/a", "a/**", "**", "a/*", "/",
    "a//b", "#a.mp4", r"\#a.mp4", r"\!b", "a b ", r"a\ ", "[ab]", "[!a]*", "[a-c]b", "é.mp4", "***",
    "b/**/",
)  # fmt: skip


def write_ignore(folder: Path, *lines: str) -> None:
    (folder / IGNORE_NAME).write_text("\n".join(lines), encoding="utf-8")


def plant(folder: Path, chance: random.Random, depth: int = 0) -> None:
    """Fill a folder with files, folders, and patterns for some of them."""
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.mp4").write_bytes(b"x")
    if depth < 2 or chance.random() < 0.5:
        made = ["".join(chance.choices(PIECES, k=chance.randint(1, 5))) for _ in range(2)]
        lines = [line for line in (*made, *chance.choices(LINES, k=3)) if "\\" not in line[-1:]]
        write_ignore(folder, *lines)
    for name in chance.sample(NAMES, 3 if depth < 2 else 0):
        plant(folder / name, chance, depth + 1)


def plant_line(folder: Path, *lines: str) -> None:
    """Fill a folder for one line of patterns."""
    for place in (".", "a", "a/b", "b/a", "c/a/a"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        for name in ("a.mp4", "ab.mp4", "b.mp4", "#a.mp4"):
            (folder / place / name).write_bytes(b"x")
    write_ignore(folder, *lines)


def found(scan: Scan, folder: Path) -> set[str]:
    return {file.path.relative_to(folder).as_posix() for file in scan.files}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
def test_what_is_left_out_is_what_git_leaves_out(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    for seed in range(2):
        plant(top / str(seed), random.Random(seed))
    for number, line in enumerate(LINES):
        plant_line(top / f"only {number}", line)
        plant_line(top / f"but {number}", "*b*", f"!{line}")
    plant_line(top / "below", "a/**", "!a/b.mp4")
    subprocess.run(["git", "init", "-q", top], check=True)
    listed = subprocess.run(
        ["git", "-C", top, "-c", "core.precomposeUnicode=false", "ls-files", "-z", "--others",
         f"--exclude-per-directory={IGNORE_NAME}"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    kept = {name for name in listed.split("\0") if name.endswith(".mp4")}
    scan = scan_places([top])
    assert found(scan, top) == kept
    everything = found(scan_places([top], ScanOptions(honours_ignore=False)), top)
    assert 60 < len(kept) < len(everything) - 60
    for name in everything - kept:
        path = top / name
        assert scan.ignored & {path, *path.parents}


def test_both_spellings_of_an_accent_are_one(tmp_path: Path) -> None:
    (tmp_path / "cafe\u0301.mp4").write_bytes(b"x")
    write_ignore(tmp_path, "café.*")
    assert scan_places([tmp_path]).files == ()


def test_a_folder_that_is_ignored_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "low").mkdir()
    write_ignore(tmp_path, "low/")
    write_ignore(tmp_path / "low", "[")
    scan = scan_places([tmp_path])
    assert (scan.failures, scan.ignored) == ((), {tmp_path / "low"})


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("*a" * 100 + "b", ["a" * 255]),
        ("*a" + "?" * 61 + "b", ["ab" * 127]),
        ("[ab]*" * 59 + "c", ["ab" * 127]),
        ("**/a/" * 59 + "b", ["a"] * 2000),
        ("**/*a*b/" * 37 + "c", ["ab" * 5] * 300),
    ],
)
def test_an_evil_pattern_does_not_hang(line: str, names: list[str]) -> None:
    rules = IgnoreRules(Path("/"), tuple(parse_line(line)))
    # An expression that goes back takes hours for these.
    assert not rules.ignores(Path("/", *names), is_folder=False)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a" * (MAX_LETTERS + 1) + b"\n", "line 1: a pattern has"),
        (b"ok\n[a\n", "line 2: a backslash or bracket is left open"),
        (b"a\\", "line 1: a backslash or bracket"),
        (b"x\n" * (MAX_PATTERNS + 1), "only 500 patterns"),
        (b"#" * (MAX_BYTES + 1), "too large"),
    ],
)
def test_what_cannot_be_used_is_a_failure_and_the_rest_holds(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "song.mp4").write_bytes(b"x")
    file = tmp_path / IGNORE_NAME
    file.write_bytes(content)
    scan = scan_places([tmp_path])
    assert found(scan, tmp_path) == {"song.mp4"}
    (failure,) = scan.failures
    assert (failure.path, failure.code) == (file, "unreadable")
    assert reason in failure.message
    file.write_bytes(b"song*\n" + content[: MAX_BYTES // 2])
    assert scan_places([tmp_path]).files == ()


def test_a_link_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "song.mp4").write_bytes(b"x")
    (tmp_path / "secret").write_text("song.mp4")
    (tmp_path / IGNORE_NAME).symlink_to("secret")
    (failure,) = scan_places([tmp_path]).failures
    assert "link" in failure.message or "symbolic" in failure.message
    (tmp_path / IGNORE_NAME).unlink()
    os.mkfifo(tmp_path / IGNORE_NAME)
    (failure,) = scan_places([tmp_path]).failures
    assert failure.path.name == IGNORE_NAME


def test_names_that_are_no_text_are_compared_byte_by_byte(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff.mp4")
    odd.write_bytes(b"x")
    (tmp_path / IGNORE_NAME).write_bytes(b"\xff.*\n")
    assert scan_places([tmp_path]).ignored == {odd}
