"""What `mvsearch search` makes of a bare argument, and prints of its results."""

import json
from pathlib import Path

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
