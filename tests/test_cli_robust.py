"""What strangers do to a command line: full disks, impatience, empty and endless arguments."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests import toy_library
from tests.limits import HANG_SECONDS

ROOT = Path(__file__).parents[1]
FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A library of three short videos; tests here read it only."""
    folder = tmp_path_factory.mktemp("home")
    return toy_library.make_indexed(folder / "videos", folder / "library")


def call(*words, **options):
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "mvsearch.cli", *map(str, words)]
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.run(command, check=False, timeout=HANG_SECONDS, **given)


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["status"], ["--help"]])
def test_output_to_a_full_disk_is_one_line_and_code_two(home, words):
    of_library = [] if words == ["--help"] else ["--library", home]
    with FULL.open("w") as full:
        done = call(*words, *of_library, stdout=full)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("mvsearch: ")
    assert "no space left" in done.stderr.lower()


@pytest.mark.parametrize("words", [["index", ""], ["index", "videos", "--library", ""]])
def test_an_empty_argument_never_means_the_current_folder(tmp_path, words):
    (tmp_path / "videos").mkdir()
    done = call(*words, cwd=tmp_path, env=os.environ | {"MVSEARCH_LIBRARY": "home"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["videos"]


OTHER_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
NAMING = ("show", "similar", "lyrics", "remove", "search --like")
# One process for all commands, as each would take half a second to import the same modules.
EACH_COMMAND = """
import sys
from mvsearch import cli
from mvsearch.search.commands.process import run_app

_, *commands, one, other, library = sys.argv
for words in commands:
    for name in one, other:
        sys.argv = ["mvsearch", *words.split(), name, "--library", library]
        print("exit code", run_app(cli.app), file=sys.stderr)
"""


@pytest.mark.parametrize("locale", [{}, OTHER_LOCALE], ids=["utf-8", "c"])
def test_a_name_of_any_bytes_is_one_line(home, locale):
    names = map(os.fsdecode, (b"\xe9", "Jóga".encode()))
    done = subprocess.run(
        [sys.executable, "-c", EACH_COMMAND, *NAMING, *names, str(home)],
        check=False, timeout=HANG_SECONDS, capture_output=True, text=True, env=os.environ | locale,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert lines[1::2] == ["exit code 2"] * 2 * len(NAMING)
    assert ["no video matches" in line for line in lines[::2]] == [True] * 2 * len(NAMING)


def test_a_name_is_found_in_any_locale(tmp_path):
    toy_library.make_clip(tmp_path / "Jóga.mp4", "testsrc2=s=96x64:r=10", None, 1.0)
    toy_library.index(tmp_path, tmp_path / "library")
    words = ("list", "--json"), ("show", os.fsdecode("jóga".encode()))
    for each in words:
        done = call(*each, "--library", tmp_path / "library", env=os.environ | OTHER_LOCALE)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_complaint_is_short_and_safe_for_a_terminal(home, shell):
    code, _, err = shell("show", "long\x1b[31m" + "x" * 100_000, "--library", home)
    assert code == 2
    assert "\x1b" not in err
    assert len(err) < 500
    assert "mvsearch list" in err


@pytest.mark.robustness
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("gap_seconds", [0.01, 0.2])
def test_impatience_leaves_no_traceback(tmp_path, number, gap_seconds):
    """Signals come while a decoder is at work that ends by no other means."""
    folder, home = tmp_path / "videos", tmp_path / "library"
    folder.mkdir()
    toy_library.index(folder, home)
    toy_library.make_clip(folder / "long.mp4", "testsrc2=s=96x64:r=10", "sine", 3)
    words = ["index", str(folder), "--library", str(home)]
    with subprocess.Popen(
        [sys.executable, "-m", "mvsearch.cli", *words], env=toy_library.stop_decoder(tmp_path),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        decoder = toy_library.wait_for_decoder(tmp_path)
        for _ in range(3):
            run.send_signal(number)
            time.sleep(gap_seconds)
        out, err = run.communicate(timeout=HANG_SECONDS)
    with suppress(ProcessLookupError):  # a program that dies at once cannot end it
        os.kill(decoder, signal.SIGKILL)
    # Once Python itself shuts down, a signal ends it in the system's own way.
    assert run.returncode in (130, -number)
    assert "Traceback" not in out + err
    assert "Exception" not in err
    assert toy_library.index(folder, home).failed == 0


def test_lyrics_count_their_files_and_say_when_there_are_none(home, shell, tmp_path):
    code, out, _ = shell("lyrics", "First Song", "--out", tmp_path / "out", "--library", home)
    assert (code, out) == (0, f"1 file written to {tmp_path / 'out'}\n")
    code, out, err = shell("lyrics", "Third Song", "--out", tmp_path / "out", "--library", home)
    assert (code, out) == (2, "")
    assert "no lyrics" in err


@pytest.mark.parametrize(
    "words",
    [
        ["index", "{}", "--profile", "paper"],
        ["evaluate", "--compare", "toy,paper"],
        ["evaluate", "--profile", "paper"],
    ],
)
def test_missing_weights_are_refused_before_any_work(home, shell, tmp_path, monkeypatch, words):
    library = home if words[0] == "evaluate" else tmp_path / "new"
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    words = [word.format(tmp_path) for word in words]
    code, out, err = shell(*words, "--library", library)
    assert (code, out) == (2, "")
    assert err.startswith("mvsearch: the profile paper lacks the weights of resnet50, bert")
    assert err.count("\n") == 1
    assert "mvsearch models fetch bert" in err
    assert not (tmp_path / "new").exists()
    assert not (home / "profiles").exists()
