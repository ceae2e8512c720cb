"""Reports: the JSON contract, and what strangers' names may not do."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.output.playlists import results_to_m3u
from mvsearch.search.output.report import (
    ReportOptions,
    format_moment,
    print_results,
    results_to_csv,
    results_to_text,
    write_report,
)
from mvsearch.search.query.query import Query, QueryPart, Section
from mvsearch.search.results import Contribution, Moment, Result, SearchResults
from mvsearch.store.records import Video


def result(**change: Any) -> Result:
    fields = {"id": "ab12", "path": Path("/m/a.mp4"), "title": "Home", "artist": "The Lanterns"}
    video = Video(**{**fields, **change}, duration_seconds=61.5)
    return Result(
        1,
        0.5,
        video,
        {
            "frames": Contribution(0.6, 0.75, 2.5, 0.45),
            "lyrics": Contribution(0.2, 0.25, 0.5, 0.05),
        },
        (
            Moment("ab12", "lyrics", None, None, 0.3, "la la", words=("lla",)),
            Moment("ab12", "frames", 12.0, 17.5, 0.61, support=0.9123, rate=1.1),
        ),
    )


def test_the_json_contract() -> None:
    query = Query((QueryPart("clip", "c.mp4", Section(5, None)), QueryPart("text", "a beach")))
    options = SearchOptions(weights={"frames": 1.0})
    answer = SearchResults(query, options, (result(),)).to_dict()
    assert json.loads(json.dumps(answer, allow_nan=False)) == {
        "query": {
            "parts": [
                {"kind": "clip", "value": "c.mp4", "start_seconds": 5, "end_seconds": None},
                {"kind": "text", "value": "a beach", "start_seconds": None, "end_seconds": None},
            ],
            "tags": [],
            "filter": {},
            "weights": {"frames": 1.0},
            "fusion": "calibrated",
            "by": None,
        },
        "results": [
            {
                "rank": 1,
                "score": 0.5,
                "is_weak": False,
                "video": {
                    "id": "ab12",
                    "path": "/m/a.mp4",
                    "title": "Home",
                    "artist": "The Lanterns",
                    "duration_seconds": 61.5,
                    "is_duration_measured": False,
                    "has_picture": True,
                    "has_sound": True,
                    "year": None,
                    "valence": None,
                    "arousal": None,
                    "moods": [],
                    "mood_gap": None,
                    "gain_db": None,
                    "peak": None,
                    "artwork": None,
                    "bpm": None,
                    "bpm_confidence": None,
                    "key": None,
                    "camelot": None,
                    "key_confidence": None,
                    "other_paths": [],
                },
                "contributions": {
                    "frames": {
                        "similarity": 0.6,
                        "calibrated": 2.5,
                        "weight": 0.75,
                        "points": 0.45,
                    },
                    "lyrics": {
                        "similarity": 0.2,
                        "calibrated": 0.5,
                        "weight": 0.25,
                        "points": 0.05,
                    },
                },
                "moments": [
                    {
                        "modality": "lyrics",
                        "start_seconds": None,
                        "end_seconds": None,
                        "similarity": 0.3,
                        "text": "la la",
                        "support": None,
                        "rate": 1.0,
                        "words": ["lla"],
                        "is_calibrated": True,
                    },
                    {
                        "modality": "frames",
                        "start_seconds": 12.0,
                        "end_seconds": 17.5,
                        "similarity": 0.61,
                        "text": "",
                        "support": 0.912,
                        "rate": 1.1,
                        "words": [],
                        "is_calibrated": True,
                    },
                ],
                "copies": [],
            }
        ],
        "notes": [],
    }


def test_the_published_form() -> None:
    assert results_to_text([result()]) == "Song: The Lanterns - Home Score: 0.5000\n"


@pytest.mark.parametrize(
    "title", ["=1+1", "+1", "-1", "@x", "\tx", "\r=1", " =1", "＝1", " ＋1", "－1", "＠x"]
)
def test_no_cell_is_a_formula(title: str) -> None:
    row = next(csv.DictReader(io.StringIO(results_to_csv([result(title=title)]))))
    assert row["title"].startswith("'")
    assert row["rank"] == "1"


def test_csv_gives_the_parts_and_the_moment_with_a_time() -> None:
    plain = 'a "quoted", comma'
    row = next(csv.DictReader(io.StringIO(results_to_csv([result(title=plain)]))))
    assert row["title"] == plain
    assert float(row["frames_similarity"]) == 0.6
    assert float(row["lyrics_weight"]) == 0.25
    assert float(row["lyrics_calibrated"]) == 0.5
    assert row["audio_weight"] == ""
    assert (row["moment_modality"], row["moment_start_seconds"]) == ("frames", "12.0")
    assert (row["moment_support"], row["moment_rate"]) == ("0.912", "1.100")


def test_a_moment_that_is_unclear_says_so_and_gives_no_time() -> None:
    unclear = Moment("ab12", "frames", None, None, 0.4, support=0.2)
    one = replace(result(), moments=(unclear,))
    assert format_moment(unclear) == "moment unclear"
    row = next(csv.DictReader(io.StringIO(results_to_csv([one]))))
    assert (row["moment_start_seconds"], row["moment_support"]) == ("", "0.200")
    assert "start-time" not in results_to_m3u([one])


def test_a_speed_is_told_where_it_is_not_the_usual() -> None:
    fast = Moment("ab12", "frames", 20.0, 25.5, 0.9, support=0.9, rate=1.1)
    assert format_moment(fast) == "0:20–0:25 frames at 1.1×"
    assert format_moment(replace(fast, rate=1.0)) == "0:20–0:25 frames"
    assert format_moment(replace(fast, rate=1.002)) == "0:20–0:25 frames"


def test_a_playlist_starts_at_the_moment() -> None:
    assert results_to_m3u([result()]).splitlines() == [
        "#EXTM3U",
        "#EXTINF:62,The Lanterns - Home",
        "#EXTVLCOPT:start-time=12.000",
        "/m/a.mp4",
    ]


def test_a_name_cannot_add_lines_to_a_playlist() -> None:
    evil = result(title="x\n/etc/passwd", path=Path("/m/a\n#EXTVLCOPT:sout=x.mp4"))
    lines = results_to_m3u([evil]).splitlines()
    assert len(lines) == 4
    assert lines[3] == "file:///m/a%0A%23EXTVLCOPT%3Asout%3Dx.mp4"


def test_a_name_cannot_steer_the_terminal_or_the_markup() -> None:
    page = io.StringIO()
    evil = result(title="[bold red]x[/] \x1b[2J")
    print_results([evil], Console(file=page, width=200, force_terminal=True), "[link=x]t[/link]")
    assert "[bold red]x[/]" in page.getvalue()
    assert "\x1b[2J" not in page.getvalue()
    assert "[link=x]" in page.getvalue()


def test_the_table_says_why_and_where() -> None:
    page = io.StringIO()
    print_results([result()], Console(file=page, width=160))
    assert "frames  0.60 →  2.5 × 0.75" in page.getvalue()
    assert "0:12–0:17 frames" in page.getvalue()
    assert "lyrics “la la”" in page.getvalue()


@pytest.fixture
def engine(plant: Any, planted_encoders: Any, spaces: Any, conftest_spans: Any) -> Engine:
    frames = [[1, 0, 0.1], [1, 0.2, 0], [0, 1, 0.3]]
    padded = [[[*row, *[0.0] * 13]] for row in frames]
    content = {
        f"{at}" * 8: {spaces["frames"]: (rows, conftest_spans(1, 60.0))}
        for at, rows in enumerate(padded, start=1)
    }
    return Engine(plant(content), planted_encoders())


def test_the_table_says_that_picture_and_sound_are_of_two_videos() -> None:
    seen = replace(result(), source_of="frames")
    heard = replace(result(title="Rain [x]"), source_of="audio")
    for shown, is_told in (([seen, heard], True), ([seen], False), ([result()], False)):
        page = io.StringIO()
        print_results(shown, Console(file=page, width=160))
        said = "The picture is from The Lanterns - Home, the sound from The Lanterns - Rain [x]."
        assert (page.getvalue().startswith(said)) == is_told
    assert [one.to_dict()["source_of"] for one in (seen, heard)] == ["frames", "audio"]


def test_the_report_over_all_in_every_form(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    videos = engine.library.catalog.videos()

    def write(form: Any, **options: Any) -> str:
        return write_report(engine, None, SearchOptions(), ReportOptions(form, **options))

    found = json.loads(write("json"))
    assert [entry["video"]["id"] for entry in found] == [video.id for video in videos]
    assert [[r["video"]["id"][0] for r in entry["similar"]] for entry in found] == [
        ["2", "3"],
        ["1", "3"],
        ["2", "1"],
    ]
    assert write("txt").count("Song: ") == 6
    rows = list(csv.DictReader(io.StringIO(write("csv"))))
    assert [row["song_id"][0] for row in rows] == ["1", "1", "2", "2", "3", "3"]
    assert write("m3u").count("#EXTINF") == 6
    assert "Similar to Planted - Song 11111111" in write("table")
    monkeypatch.setenv("TERM", "xterm")
    assert write("table", has_links=True).count(";file:///") == 6
    assert "\x1b" not in write("table")
    page = write("html")  # the files are not there, and nothing is kept of them
    assert page.count('<li id="p-') == 6
    assert "image/webp" not in page
    assert page.count('aria-label="no picture"') == 6


def test_the_report_on_one_leaves_it_out(engine: Engine) -> None:
    video = engine.library.catalog.videos()[0]

    def write(form: Any) -> str:
        return write_report(engine, video, SearchOptions(top=1), ReportOptions(form))

    assert write("txt").startswith("Song: Planted - Song 22222222 Score: 1.")
    assert write("txt").count("\n") == 1
    assert json.loads(write("json"))["similar"][0]["video"]["id"] == "2" * 8
    assert write("csv").startswith("rank,")
    assert write("html").count('<article class="song"') == 1
