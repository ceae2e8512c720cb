"""What `mvsearch search` makes of a bare argument, and prints of its results."""

import json
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from tests.search.commands.conftest import Run


def test_words_are_searched_and_said_on_standard_error(run: Run) -> None:
    code, out, err = run("search", "take", "me", "home", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "searching by the words 'take me home'\n")
    assert [(part["kind"], part["value"]) for part in answer["query"]["parts"]] == [
        ("text", "take me home")
    ]
    assert answer["results"][0]["video"]["title"] == "First Song"


def test_a_file_of_the_library_is_its_video(run: Run, toy_videos: Path) -> None:
    path = toy_videos / "Ada Lovelace - First Song.mp4"
    code, out, err = run("search", path, "--lyric", "ships in harbour are safe", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, f"searching by the video of the library {str(path)!r}\n")
    assert [part["kind"] for part in answer["query"]["parts"]] == ["like", "lyric"]
    assert answer["results"][0]["video"]["title"] == "Second Song"


def test_a_file_that_is_not_there_is_one_error(run: Run) -> None:
    assert run("search", "beach.jpg") == (2, "", "mvsearch: no file is called 'beach.jpg'\n")


def test_results_are_written_to_a_page_and_files_stay(
    run: Run, tmp_path: Path, toy_videos: Path
) -> None:
    page, line = tmp_path / "page.html", ("--lyric", "ships in harbour are safe")
    code, out, _ = run("search", *line, "--html", page)
    assert code == 0
    assert "Second Song" in out
    assert out.endswith(f"written: {page}\n")
    assert "Second Song" in page.read_text(encoding="utf-8")
    assert "data:image/webp" in page.read_text(encoding="utf-8")
    assert run("search", *line, "--html", page)[0] == 2
    code, out, _ = run("search", *line, "--html", page, "--force", "--json")
    assert json.loads(out)["results"][0]["rank"] == 1
    video = toy_videos / "Ada Lovelace - First Song.mp4"
    before = video.read_bytes()
    assert run("search", *line, "--html", video, "--force")[0] == 2
    assert video.read_bytes() == before


def test_a_page_is_opened_in_the_browser(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert run("search", "--lyric", "ships in harbour are safe", "--open")[0] == 0
    (address,) = opened
    assert "Second Song" in Path(url2pathname(urlsplit(address).path)).read_text(encoding="utf-8")
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    code, _, err = run("search", "--lyric", "ships in harbour are safe", "--open")
    assert code == 2
    assert "no browser was found; the page is " in err


def test_what_looks_like_a_video_and_sounds_unlike_it(run: Run, toy_videos: Path) -> None:
    path = toy_videos / "Ada Lovelace - First Song.mp4"
    code, out, _ = run("search", "--sounds-like", path, "--looks-unlike", "first song", "--json")
    answer = json.loads(out)
    assert code == 0
    assert [part["role"] for part in answer["query"]["parts"]] == ["sounds-like", "looks-unlike"]
    (result,) = answer["results"]  # of the others one has no sound
    weights = {modality: one["weight"] for modality, one in result["contributions"].items()}
    assert weights == {"audio": 1, "frames": -1}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--looks-like", "first"), "a contrast is --looks-like X with --sounds-unlike Y"),
        (("--looks-like", "first", "--sounds-unlike", "x", "a line"), "has no other parts"),
        (("--looks-like", "first", "--sounds-unlike", "x", "--text", "a"), "has no other parts"),
        (("--looks-like", "first", "--sounds-unlike", "absent"), "no video matches 'absent'"),
        (("--looks-like", "first", "--sounds-unlike", " "), "one of them is empty"),
        (("--looks-like", "a.jpg", "--sounds-unlike", "first"), "no file is called 'a.jpg'"),
        (
            ("--looks-like", "first", "--sounds-unlike", "first", "--fusion", "rrf"),
            "a contrast has no fusion",
        ),
    ],
)
def test_a_contrast_that_cannot_be_is_one_error(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    code, out, err = run("search", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
