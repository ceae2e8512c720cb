"""The options that filter: how they are read, and what the commands do with them."""

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from mvsearch.search.commands.options.filtering import make_filter
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import MvsearchError
from tests.search.commands.conftest import Run


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, Filter()),
        ({"year": "1984"}, Filter(first_year=1984, last_year=1984)),
        ({"year": "1980-1989"}, Filter(first_year=1980, last_year=1989)),
        ({"year": "1980-"}, Filter(first_year=1980)),
        ({"year": "-1979"}, Filter(last_year=1979)),
        ({"duration": "2:00-5:00"}, Filter(min_duration_seconds=120, max_duration_seconds=300)),
        ({"duration": "90.5-"}, Filter(min_duration_seconds=90.5)),
        ({"duration": "-1:00:00"}, Filter(max_duration_seconds=3600)),
        ({"language": "German"}, Filter(language="de")),
        ({"language": "jw"}, Filter(language="jw")),
        ({"added_since": "2026-01-31"}, Filter(added_since=date(2026, 1, 31))),
        ({"added_since": "2026-01-31T12:30"}, Filter(added_since=datetime(2026, 1, 31, 12, 30))),
        ({"tag": ["a", "b"], "folder": Path("m")}, Filter(("a", "b"), folder=Path("m"))),
        ({"has_lyrics": False}, Filter(has_lyrics=False)),
    ],
)
def test_options_are_read(given, asked) -> None:
    assert make_filter(**given) == asked


@pytest.mark.parametrize(
    "given",
    [{"year": word} for word in ("", "-", "eighties", "1980-1989-", "19800", "²", "1989-1980")]
    + [{"duration": word} for word in ("", "-", "300", "5:00-2:00", "1:99-", "2:00-5:00-6:00")]
    + [{"added_since": word} for word in ("", "yesterday", "2026-13-01", "0001-01-01", "9" * 99)]
    + [{"language": "Klingonish"}, {"title": ""}, {"lyrics_source": " "}],
)
def test_what_cannot_be_read_is_one_line(given) -> None:
    with pytest.raises(MvsearchError) as refused:
        make_filter(**given)
    assert "\n" not in str(refused.value)


def titles(out: str) -> list[str]:
    found = json.loads(out)
    videos = found if isinstance(found, list) else [one["video"] for one in found["results"]]
    return sorted(video["title"] for video in videos)


LIMITED = {
    ("--artist", "LOVELACE"): ["First Song"],
    ("--title", "song"): ["First Song", "Second Song", "Third Song"],
    ("--duration", "4.5-5.5"): ["First Song", "Second Song"],
    ("--has-lyrics",): ["First Song", "Second Song"],
    ("--no-lyrics",): ["Third Song"],
    ("--duration", "-4.5"): ["Third Song"],
    ("--lyrics-source", "sidecar", "--artist", "grace"): ["Second Song"],
    ("--added-since", "2001-01-01", "--title", "first"): ["First Song"],
}


@pytest.mark.parametrize("words", LIMITED, ids=" ".join)
def test_list_and_search_give_what_passes(run: Run, words: tuple[str, ...]) -> None:
    expected = LIMITED[words]
    code, out, _ = run("list", *words, "--json")
    assert (code, titles(out)) == (0, expected)
    code, out, _ = run("search", *words, "--json")
    assert (code, titles(out)) == (0, expected)
    code, out, _ = run("search", "--text", "home", *words, "--json")
    assert (code, titles(out)) == (0, expected)
    code, out, _ = run("similar", "third song", *words, "--format", "json")
    similar = [one["video"]["title"] for one in json.loads(out)["similar"]]
    assert (code, sorted(similar)) == (0, [one for one in expected if one != "Third Song"])


def test_a_folder_is_compared_by_its_parts(run: Run, toy_videos: Path) -> None:
    assert len(titles(run("list", "--folder", toy_videos, "--json")[1])) == 3
    assert len(titles(run("list", "--folder", toy_videos.parent, "--json")[1])) == 3
    beside = str(toy_videos)[:-1]
    assert titles(run("list", "--folder", beside, "--json")[1]) == []


@pytest.mark.parametrize(
    "words",
    [("list",), ("search",), ("search", "--text", "home"), ("similar", "--all"), ("versions",)],
)
def test_an_empty_answer_names_the_filter(run: Run, words: tuple[str, ...]) -> None:
    said = "nothing found with artist 'nobody', year 1980-1989\n"
    assert run(*words, "--artist", "nobody", "--year", "1980-1989")[:2] == (0, said)


def test_reports_are_over_what_passes(run: Run) -> None:
    _, out, _ = run("similar", "--all", "--has-lyrics", "--format", "json")
    found = {
        one["video"]["title"]: [other["video"]["title"] for other in one["similar"]]
        for one in json.loads(out)
    }
    assert found == {"First Song": ["Second Song"], "Second Song": ["First Song"]}
    _, out, _ = run("versions", "--artist", "lovelace", "--format", "json")
    assert (json.loads(out)["videos"], json.loads(out)["compared"]) == (1, 0)
    for form, printed in (("json", "[]\n"), ("txt", "\n")):
        assert run("similar", "--all", "--artist", "nobody", "--format", form)[:2] == (0, printed)
    code, out, err = run("similar", "--all", "--artist", "nobody", "--format", "html")
    assert (code, out, err) == (2, "", "mvsearch: nothing found with artist 'nobody'\n")
    code, page, _ = run("versions", "--artist", "nobody", "--format", "html")
    assert (code, page.count("<table")) == (0, 0)


def test_a_result_tells_what_was_asked(run: Run) -> None:
    _, out, _ = run("search", "--text", "home", "--year", "1980-", "--no-lyrics", "--json")
    assert json.loads(out)["query"]["filter"] == {"first_year": 1980, "has_lyrics": False}


@pytest.mark.parametrize("words", [("--year", "80s"), ("--no-lyrics", "--language", "en")])
def test_wrong_use_is_exit_code_2(run: Run, words: tuple[str, ...]) -> None:
    code, out, err = run("list", *words)
    assert (code, out) == (2, "")
    assert err.startswith("mvsearch: ")
    assert err.count("\n") == 1
