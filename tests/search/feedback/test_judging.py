"""Judgements are read as people write them, and what was not shown is refused in one line."""

import contextlib
from pathlib import Path
from typing import Any

import pytest

from mvsearch.search.feedback.judging import read_judgements
from mvsearch.search.feedback.records import FeedbackSession, Judgement, Round
from mvsearch.search.options import SearchOptions
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError

SESSION = FeedbackSession("s", (), Filter(title="x"), SearchOptions(), (Round(("a", "b", "c")),))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (2, [("b", (), None)]),
        ("2", [("b", (), None)]),
        ("1, 3", [("a", (), None), ("c", (), None)]),
        ([1, "3:sound"], [("a", (), None), ("c", ("audio",), None)]),
        ("2:Look+sound", [("b", ("frames", "audio"), None)]),
        ("2:frames+look", [("b", ("frames",), None)]),
        ("2@1:05-1:10", [("b", (), (65.0, 70.0))]),
        ("2@1:05-1:10:lyrics", [("b", ("lyrics",), (65.0, 70.0))]),
        ("2@65-:text", [("b", ("ocr",), (65.0, 86_400.0))]),
        (("1", ["2"]), [("a", (), None), ("b", (), None)]),
        ("1,1", [("a", (), None)]),
        (Judgement("c", False, ("audio",), 1.0, 2.0), [("c", ("audio",), (1.0, 2.0))]),
    ],
)
def test_forms(given: Any, expected: list[tuple[Any, ...]]) -> None:
    found = read_judgements(SESSION, given, ())
    assert [
        (
            one.video_id,
            one.modalities,
            None if one.start_seconds is None else (one.start_seconds, one.end_seconds),
        )
        for one in found
    ] == expected
    assert all(one.is_liked for one in found)


@pytest.mark.parametrize(
    ("like", "dislike", "told"),
    [
        (4, (), "the last list of s has 3 results: there is no number 4"),
        (0, (), "there is no number 0"),
        ("-1", (), "'-1' is no number of a result"),
        ("", (), "'' is no number of a result"),
        ("1,", (), "'' is no number of a result"),
        ("1:smell", (), "nothing of a result is called 'smell'"),
        ("1:look+", (), "nothing of a result is called ''"),
        ("٣", (), "is no number of a result"),
        ("9" * 5000, (), "is no number of a result"),
        ("1@5-2", (), "a section ends after it starts"),
        (1, 1, "result 1 is liked and disliked"),
        ("1:sound", "1", "result 1 is liked and disliked"),
        (Judgement("z", True), (), "not in the last list"),
        (1.5, (), "what is liked are numbers of results"),
        ((), [None], "what is liked are numbers of results"),
        ("1@x", (), "a section is written @START-END"),
    ],
)
def test_what_is_wrong_is_told(like: Any, dislike: Any, told: str) -> None:
    with pytest.raises(QueryError, match=told) as raised:
        read_judgements(SESSION, like, dislike)
    assert len(str(raised.value)) < 400


def test_a_judgement_asks_for_no_file(tmp_path: Path) -> None:
    (tmp_path / "1@0-5").touch()
    (tmp_path / "x").touch()
    with contextlib.chdir(tmp_path):
        (found,) = read_judgements(SESSION, "1@0-5", ())
        with pytest.raises(QueryError, match="'x@y' is no number of a result"):
            read_judgements(SESSION, "x@y", ())
    assert found.end_seconds == 5.0


def test_a_result_is_liked_by_look_and_disliked_by_sound() -> None:
    found = read_judgements(SESSION, "1:look", "1:sound")
    assert [(one.is_liked, one.modalities) for one in found] == [
        (True, ("frames",)),
        (False, ("audio",)),
    ]
