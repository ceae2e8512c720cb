"""A light installation, played by forbidding what it lacks: the default profile works as ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mvsearch.store.distribution import LEFT_OUT
from tests import media

# torchvision is there, for a list that one of its files holds; it cannot be imported without torch.
FORBIDDEN = sorted(LEFT_OUT - {"torchvision"})


def run_code(home: Path, code: str, *words: object) -> subprocess.CompletedProcess[str]:
    forbid = f"import sys; sys.modules.update(dict.fromkeys({FORBIDDEN!r}))\n"
    places = {"MVSEARCH_MODELS": home / "models", "MVSEARCH_LIBRARY": home / "library"}
    return subprocess.run(
        [sys.executable, "-c", forbid + code, *map(str, words)],
        cwd=home,
        env=os.environ | {name: str(place) for name, place in places.items()},
        capture_output=True,
        text=True,
        check=False,
    )


def run(home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    code = "from mvsearch import cli; sys.argv[0] = 'mvsearch'; cli.main()"
    return run_code(home, code, *words)


# One process for all, as each would take seconds to import the same modules.
INDEX_AND_SEARCH = """
import pathlib
import mvsearch
from mvsearch import cli
from mvsearch.search.commands.process import run_app

for words in ("index", "videos"), ("search", "--image", "q.png"):
    sys.argv = ["mvsearch", *words]
    print("exit code", run_app(cli.app))
with mvsearch.open("library") as library:
    picture = pathlib.Path("q.png").read_bytes()
    for part in {"image": picture}, {"lyric": "a line to find"}, {"text": "a dog"}:
        print(library.search(**part)[0].video.title)
"""


def test_a_video_is_indexed_and_found_by_picture_line_and_word(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    media.make_pattern(videos / "Ada - Song.mp4", 3, tone_hertz=440)
    (videos / "Ada - Song.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\na line to find\n")
    media.make_picture(tmp_path / "q.png")
    done = run_code(tmp_path, INDEX_AND_SEARCH)
    assert done.returncode == 0, done.stderr
    indexed, searched, found = done.stdout.split("exit code 0\n")
    assert indexed[:9] == "1 indexed", done.stderr
    assert "Ada - Song" in searched
    assert found.split() == ["Song"] * 3


def test_what_needs_more_says_so_in_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "models", "fetch", "whisper-tiny")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "whisper is not installed, which this needs; type: pip install " in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("whisper_packages")
def test_whisper_runs_by_faster_whisper_alone(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    done = run(tmp_path, "models", "check", "whisper-base")
    assert done.returncode == 0, done.stderr
    assert "run by faster-whisper" in "".join(done.stdout.split("\n"))
