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


LINE = "ships in harbour are safe"
# What is asked for by options, and the same in the language of queries.
CHAINS = [
    (("--lyric", LINE, "--then", "rain", "--within", "12"),
     f'lyric("{LINE}") then text("rain") within 12s'),
    (("--text", "crowd", "--while", "--lyric", LINE), f'text("crowd") while lyric("{LINE}")'),
    (("--text", "crowd", "--while", LINE), f'text("crowd") while text("{LINE}")'),
    (("crowd", "--lyric", LINE, "--then", "--text", "rain", "--not-text", "snow"),
     f'text("crowd") while lyric("{LINE}") then text("rain") while not text("snow")'),
    (("--look-of", "first", "--then", "rain", "--then", "snow", "--within", "1:30"),
     'look_of(first) then text("rain") then text("snow") within 90s'),
]  # fmt: skip


@pytest.mark.parametrize(("options", "same"), CHAINS)
def test_the_order_of_options_counts_with_while_and_then(
    run: Run, options: tuple[str, ...], same: str
) -> None:
    code, out, err = run("search", *options, "--json")
    assert code == 0, err
    found, wanted = json.loads(out), json.loads(run("search", "--query", same, "--json")[1])
    assert found["query"] == wanted["query"]
    assert found == wanted
    assert len(found["results"][0]["parts"]) == len(found["query"]["parts"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--then", "rain"), "--then stands between parts"),
        (("--text", "a", "--then"), "--then stands between parts"),
        (("--text", "a", "--then", "--then", "b"), "--then stands between parts"),
        (("--text", "a", "--within", "3"), "--within stands once after a --then"),
        (("--text", "a", "--then", "b", "--within", "3", "--within", "4"), "--within stands once"),
        (("--text", "a", "--then", "b", "--within", "-3"), "a time is written"),
        (("--text", "a", "--then", "b", "--within", "0"), "above 0"),
        (("--text", "a", "--then", "b", "--within", "1e9"), "a time is written"),
        (("--while", "--text", "a"), "--while joins what stands before it"),
        (("--text", "a", "--while"), "--while joins what stands before it"),
        (("--not-text", "a", "--then", "b"), "'then' joins what is there"),
        (("--query", "text(a)", "--text", "b"), "--query has all parts in it"),
        (("--query", "text(a)", "b"), "--query has all parts in it"),
        (("--query", ""), "the query is empty"),
        (("--query", "text(a) whle text(b)"), "not 'whle' (at letter 9)"),
        (("--query", "(" * 10_000), "where the query ends (at letter 10001)"),
        (("--query", "image(.)"), "'.' is a folder"),
        (("--query", 'image("no such \\"\u00e9\\" file.jpg")'), "no file is called"),
        (("--query", "text(a) and not text(b)", "--fusion", "rrf"), "leave out the fusion"),
        (("--text", "a", "--not-text", " "), "--text is empty"),
        (("--not-text", "a"), "say what to look for besides"),
        (("--text", "a", "--unlike", ""), "--unlike is empty"),
        (("--lyrics-of", "absent"), "no video matches 'absent'"),
        (("--text", "a", "--not-text", "b", "--fusion", "weighted"), "leave out the fusion"),
        (("--text", "a", "--weights", "frames=-1"), "--not-text WORDS and --unlike VIDEO"),
    ],
)
def test_parts_that_cannot_be_joined_are_one_error(
    run: Run, options: tuple[str, ...], said: str
) -> None:
    code, out, err = run("search", *options)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 + (options[0] == "b")
    assert said in err


def test_what_is_excluded_and_sides_alone(run: Run, toy_videos: Path) -> None:
    code, out, _ = run("search", "--lyric", LINE, "--not-text", "ships in harbour", "--json")
    (found,) = [one for one in json.loads(out)["results"] if one["video"]["title"] == "Second Song"]
    assert code == 0
    assert [(one["part"], one["is_against"]) for one in found["parts"]] == [(1, True)]
    assert found["parts"][0]["points"] < 0
    asked = ("--lyrics-of", "first", "--look-of", toy_videos / "Mary Somerville - Third Song.mp4")
    code, out, _ = run("search", *asked, "--json")
    parts = json.loads(out)["query"]["parts"]
    assert [one["role"] for one in parts] == ["look-of", "lyrics-of"]


def test_a_place_is_marked_in_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("mvsearch.search.commands.process.sys.stderr.isatty", lambda: True)
    _, _, err = run("search", "--query", "text(a) whle text(b)")
    assert err.splitlines()[1:] == ["  text(a) whle text(b)", "          ^"]


def test_a_misheard_line_is_found_and_says_what_it_sounds_like(run: Run) -> None:
    heard = ("--lyric", "tea come hum a lawn the riffer")
    code, out, _ = run("search", *heard)
    assert code == 0
    assert "(sounds like: take me home along the river)" in " ".join(out.split())
    code, out, _ = run("search", *heard, "--json")
    first = json.loads(out)["results"][0]
    assert first["video"]["title"] == "First Song"
    assert first["moments"][0]["sounds_like"] == "take me home along the river"
    code, out, _ = run("search", *heard, "--no-misheard", "--json")
    answer = json.loads(out)
    assert answer["query"]["misheard"] is False
    assert all("sounds_like" not in m for one in answer["results"] for m in one["moments"])


@pytest.mark.parametrize("line", ["x", "🎸🔥", "ж", "愛", "la" * 5000, "%' OR 1=1 --", '"*'])
def test_any_lyric_line_is_answered(run: Run, line: str) -> None:
    code, _, err = run("search", "--lyric", line)
    assert (code, err) == (0, "") or (code, err.count("\n")) == (2, 1)
