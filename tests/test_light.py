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


def test_a_video_is_indexed_and_found_by_picture_line_and_word(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    media.make_pattern(videos / "Ada - Song.mp4", 3, tone_hertz=440)
    (videos / "Ada - Song.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\na line to find\n")
    picture = media.make_picture(tmp_path / "q.png")
    indexed = run(tmp_path, "index", videos)
    assert (indexed.returncode, indexed.stdout[:9]) == (0, "1 indexed"), indexed.stderr
    found = run(tmp_path, "search", "--image", picture)
    assert found.returncode == 0, found.stderr
    assert "Ada - Song" in found.stdout
    code = (
        "import mvsearch, pathlib\n"
        "with mvsearch.open('library') as library:\n"
        f"    picture = pathlib.Path({str(picture)!r}).read_bytes()\n"
        "    for part in {'image': picture}, {'lyric': 'a line to find'}, {'text': 'a dog'}:\n"
        "        print(library.search(**part)[0].video.title)\n"
    )
    found = run_code(tmp_path, code)
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == ["Song"] * 3


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
