"""What the terminal says of moods."""

import json
from pathlib import Path

import pytest

from mvsearch.search.api.methods import moods
from tests.search.commands.conftest import Run


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command takes the toy encoders for the default ones."""
    load = moods._load_encoders
    monkeypatch.setattr(moods, "_load_encoders", lambda _: load("toy"))


def test_files_have_moods_without_a_library(run: Run, toy_videos: Path, tmp_path: Path) -> None:
    clip, _, bars = sorted(toy_videos.glob("*.mp4"))
    code, out, err = run("mood", clip, bars)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["file", "of", "mood", "valence", "arousal", "confidence"]
    assert [side for line in lines for side in line if side in ("picture", "sound", "both")] == [
        "picture", "sound", "both", "picture",
    ]  # fmt: skip
    code, out, err = run("mood", f"{clip}@0-2", "--json")
    (told,) = json.loads(out)
    assert (code, told["file"]) == (0, str(clip))
    assert told["names"] == ["sad"]
    assert 0 < told["picture"]["arousal"] < 1
    (tmp_path / "broken.mp4").write_bytes(b"abc")
    for bad in (toy_videos / "none.mp4", toy_videos, tmp_path / "broken.mp4"):
        code, out, err = run("mood", bad)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert bad.name in err
        code, out, err = run("mood", bad, clip, "--json")  # the other is predicted
        assert (code, err.count("\n")) == (1, 1)
        assert [one["file"] for one in json.loads(out)] == [str(clip)]
        assert bad.name in err


def test_lists_are_by_mood(run: Run) -> None:
    code, out, _ = run("list", "--sort", "mood-gap")
    assert (code, out.splitlines()[0].split()[-4:]) == (0, ["mood", "valence", "arousal", "gap"])
    gaps = [line.split()[-1] for line in out.splitlines()[1:4]]
    assert gaps[:2] == sorted(gaps[:2], reverse=True)
    assert gaps[2] == "–"
    assert run("list", "--mood", "happy")[1] == "nothing found with mood happy\n"
    assert "3 videos" in run("list", "--mood", "SAD", "--arousal", "-.9", "--valence", "0-.5")[1]
    assert "mood" not in run("list")[1]
    for option, value in (
        ("--mood", "angry"), ("--valence", ".5"), ("--arousal", "a-b"), ("--arousal", ".9-.1"),
        ("--valence", "-1e9"), ("--valence", "-"), ("--sort", "best"),
    ):  # fmt: skip
        code, out, err = run("list", option, value)
        assert (code, out, err.count("\n")) == (2, "", 1), (option, value)
    assert run("search", "river", "--mood", "tense")[0] in (0, 1)


def test_a_video_is_shown_with_its_mood_over_time(run: Run) -> None:
    code, out, _ = run("show", "first song")
    assert code == 0
    (line,) = (line for line in out.splitlines() if line.startswith("mood "))
    assert "sad: valence 0.12, arousal 0.21; picture and sound are 0.33 apart" in line
    drawn = [line.split() for line in out.splitlines() if set(line) & set("▁▂▃▄▅▆▇█")]
    assert [one[:-2] for one in drawn] == [
        ["picture", "valence"], ["arousal"], ["sound", "valence"], ["arousal"],
    ]  # fmt: skip
    assert json.loads(run("show", "third", "--json")[1])["mood"]["sound"] is None
