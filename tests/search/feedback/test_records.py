"""Sessions change as values: judged, taken back, forgotten, shown."""

from typing import Any

import pytest

from mvsearch.search.feedback.records import (
    MAX_ROUNDS,
    MAX_SHOWN,
    FeedbackSession,
    Judgement,
    Round,
    check_name,
)
from mvsearch.search.options import SearchOptions
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError

GIVEN = ("s", (), Filter(title="x"), SearchOptions())
BEGUN = FeedbackSession(*GIVEN, (Round(("a", "b")),))
LIKED = Judgement("a", True)
MANY = (LIKED,) * MAX_SHOWN


def test_a_judgement_begins_a_list_and_is_taken_back() -> None:
    judged = BEGUN.judge((LIKED,)).show(("c", "a"))
    assert [one.shown for one in judged.rounds] == [("a", "b"), ("c", "a")]
    assert judged.judgements == (LIKED,)
    assert judged.hidden == frozenset()
    assert judged.undo() == BEGUN
    forgotten = judged.forget(frozenset({"a"}))
    assert (forgotten.judgements, forgotten.shown) == ((), ("c", "a"))
    with pytest.raises(QueryError, match="no judgement to take back"):
        BEGUN.undo()


def test_a_new_list_hides_what_was_shown() -> None:
    new = BEGUN.judge((), is_new=True)
    assert new.hidden == {"a", "b"}
    assert new.show(("c",)).judge((LIKED,)).hidden == frozenset()


@pytest.mark.parametrize(
    ("later", "left"),
    [
        (Judgement("a", False), ()),
        (Judgement("a", False, ("audio",)), ()),
        (Judgement("a", True, ("audio",)), (LIKED,)),
        (Judgement("b", False), (LIKED,)),
    ],
)
def test_a_judgement_replaces_one_that_it_contradicts(
    later: Judgement, left: tuple[Judgement, ...]
) -> None:
    judged = BEGUN.judge((LIKED,)).show(("a", "b")).judge((later,))
    assert judged.judgements == (*left, later)
    assert judged.counted[0].judgements == left
    assert judged.undo().judgements == (LIKED,)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Judgement("", True),
        lambda: Judgement("a", True, ("smell",)),  # type: ignore[arg-type]
        lambda: Judgement("a", True, (), 5.0, 2.0),
        lambda: Round(tuple(map(str, range(MAX_SHOWN + 1)))),
        lambda: Round(("x" * 1000,)),
        lambda: FeedbackSession("s", (), Filter(), SearchOptions(), ()),
        lambda: FeedbackSession("s", (), Filter(), SearchOptions(), (Round(("a",), (LIKED,)),)),
        lambda: FeedbackSession("s", (), Filter(), SearchOptions(), (Round(),) * (MAX_ROUNDS + 1)),
        lambda: FeedbackSession(*GIVEN, (Round(),), changed_seconds=1e300),
        lambda: FeedbackSession(*GIVEN, (*(Round((), MANY),) * 3, Round())),
        lambda: check_name(""),
        lambda: check_name(" "),
        lambda: check_name("a "),
        lambda: check_name("a\nb"),
        lambda: check_name("\x1b[31m"),
        lambda: check_name("\udcff"),
        lambda: check_name("x" * 101),
    ],
)
def test_no_other_values(make: Any) -> None:
    with pytest.raises((QueryError, ValueError)):
        make()


@pytest.mark.parametrize("name", ["../x", "a/b", "-x", "'; drop table", "<b>", "ﻩ", "x" * 100])
def test_a_name_is_only_a_name(name: str) -> None:
    assert check_name(name) == name
