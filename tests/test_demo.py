"""The default profile finds in the demo's videos what was put there, by the command line alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docs.demo.library import cut_clip, cut_still, film_clip, make_video
from docs.demo.songs import SONGS

BY_TITLE = {song.title: song for song in SONGS}
TITLES = ("Paper Moon", "Ten Thousand Windows", "Paper Moon (Desert Session)")

Shell = Callable[..., tuple[int, str, str]]
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An indexed folder, and a way to ask about it; gives what `--json` prints."""
    folder, queries = tmp_path / "videos", tmp_path / "queries"
    folder.mkdir()
    queries.mkdir()
    made = {title: make_video(BY_TITLE[title], folder) for title in TITLES}
    cut_clip(made["Ten Thousand Windows"], queries / "clip.mp4", start_seconds=9.0, seconds=4.0)
    film_clip(made["Ten Thousand Windows"], queries / "filmed.mkv", start_seconds=2.0, seconds=4.0)
    cut_still(made["Paper Moon (Desert Session)"], queries / "still.jpg", at_seconds=11.0)
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(queries)

    def call(*words: str) -> Any:
        code, out, err = shell(*words)
        assert code == 0, err
        return json.loads(out)

    summary = call("index", str(folder), "--lyrics", "sidecar", "--json")
    assert (summary["indexed"], summary["failed"]) == (len(TITLES), 0)
    return call


def titles(results: list[dict[str, Any]]) -> list[str]:
    return [result["video"]["title"] for result in results]


def check_a_bad_copy_of_a_clip_finds_its_source_and_second(run: Run) -> None:
    best = run("search", "--clip", "clip.mp4", "--json")["results"][0]
    assert best["video"]["title"] == "Ten Thousand Windows"
    assert best["moments"][0]["start_seconds"] == pytest.approx(9.0, abs=1.0)


def check_a_clip_filmed_from_a_screen_finds_its_source(run: Run) -> None:
    best = run("search", "--clip", "filmed.mkv", "--json")["results"][0]
    assert best["video"]["title"] == "Ten Thousand Windows"
    assert not best["is_weak"]


def check_a_still_finds_its_source_and_second(run: Run) -> None:
    best = run("search", "--image", "still.jpg", "--json")["results"][0]
    assert best["video"]["title"] == "Paper Moon (Desert Session)"
    assert best["moments"][0]["start_seconds"] <= 11.5
    assert best["moments"][0]["end_seconds"] >= 10.5


def check_a_line_half_remembered_finds_both_versions_and_the_bar(run: Run) -> None:
    results = run("search", "--lyric", "I made a moon out of paper", "--json")["results"]
    assert set(titles(results[:2])) == {"Paper Moon", "Paper Moon (Desert Session)"}
    for result in results[:2]:
        bar_seconds = BY_TITLE[result["video"]["title"]].score.bar_seconds
        assert result["moments"][0]["text"] == "I cut a moon from paper"
        assert result["moments"][0]["start_seconds"] == pytest.approx(bar_seconds + 0.1, abs=0.01)


def check_words_find_what_is_sung_about(run: Run) -> None:
    results = run("search", "--text", "nobody is lonely in this big city", "--json")["results"]
    assert titles(results)[0] == "Ten Thousand Windows"


def check_a_version_is_the_most_similar_song(run: Run) -> None:
    report = run("similar", "Desert Session", "--format", "json")
    similar = report[0]["similar"] if isinstance(report, list) else report["similar"]
    assert titles(similar)[0] == "Paper Moon"


# One test, not five: workers would each make and index the folder.
def test_the_default_profile_finds_what_was_planted(run: Run) -> None:
    check_a_bad_copy_of_a_clip_finds_its_source_and_second(run)
    check_a_clip_filmed_from_a_screen_finds_its_source(run)
    check_a_still_finds_its_source_and_second(run)
    check_a_line_half_remembered_finds_both_versions_and_the_bar(run)
    check_words_find_what_is_sung_about(run)
    check_a_version_is_the_most_similar_song(run)
