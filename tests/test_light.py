"""A light installation, played by forbidding what it lacks: the default profile works as ever."""

import os
import subprocess
import sys
from pathlib import Path

from mvsearch.store.distribution import LEFT_OUT
from tests import media

ROOT = Path(__file__).parents[1]
# torchvision is there, for a list that one of its files holds; it cannot be imported without torch.
FORBIDDEN = sorted(LEFT_OUT - {"torchvision"})


def run(home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({FORBIDDEN!r}))\n"
        "from mvsearch import cli; sys.argv[0] = 'mvsearch'; cli.main()"
    )
    places = {"MVSEARCH_MODELS": home / "models", "MVSEARCH_LIBRARY": home / "library"}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=ROOT,
        env=os.environ | {name: str(place) for name, place in places.items()},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_video_is_indexed_and_found_by_picture_line_and_word(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    media.make_pattern(videos / "Ada - Song.mp4", 3, tone_hertz=440)
    (videos / "Ada - Song.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\na line to find\n")
    picture = media.make_picture(tmp_path / "q.png")
    indexed = run(tmp_path, "index", videos)
    assert (indexed.returncode, indexed.stdout[:9]) == (0, "1 indexed"), indexed.stderr
    for words in (("--image", picture), ("--lyric", "a line to find"), ("--text", "a dog")):
        found = run(tmp_path, "search", *words)
        assert found.returncode == 0, found.stderr
        assert "Ada - Song" in found.stdout


def test_what_needs_more_says_so_in_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "models", "fetch", "whisper-tiny")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "whisper is not installed, which this needs; type: pip install " in done.stderr
