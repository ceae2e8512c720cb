"""Sessions are kept in a library's folder, here and behind a server, whatever happens to it."""

import errno
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvsearch
from mvsearch.search.api.feedback import sessions as own
from mvsearch.search.feedback import media_copies, stored
from mvsearch.search.feedback.records import Judgement
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import QueryPart
from mvsearch.store.files import in_folder
from tests import toy_library
from tests.serving import AnyLibrary, serving


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions")
    return toy_library.make_indexed(folder / "videos", folder / "library")


@pytest.fixture(scope="module")
def here(place: Path) -> Iterator[mvsearch.VideoLibrary]:
    with mvsearch.open(place) as library:
        yield library


@pytest.fixture(scope="module")
def there(here: mvsearch.VideoLibrary) -> Iterator[mvsearch.RemoteLibrary]:
    with serving(here) as url, mvsearch.connect(url) as library:
        yield library


@pytest.fixture(params=["here", "there"])
def library(request: pytest.FixtureRequest, place: Path) -> Iterator[AnyLibrary]:
    found: AnyLibrary = request.getfixturevalue(request.param)
    yield found
    for name in ("sessions.json", "sessions.lock"):
        (place / name).unlink(missing_ok=True)


def titles(results: Any) -> list[str]:
    return [result.video.title for result in results]


def test_a_search_is_refined_and_run_again(library: AnyLibrary) -> None:
    found = library.search("river", filter=mvsearch.Filter(max_duration_seconds=60))
    kept = library.keep_session("../a <b> 'c'", found)
    assert kept.shown == tuple(result.video.id for result in found)
    third = titles(found).index("Second Song") + 1
    first = library.refine("../a <b> 'c'", like=third, dislike=["1:look"])
    assert first.session is not None
    assert first[0].feedback is not None
    assert first.session.filter == found.query.filter
    assert [one.is_liked for one in first.session.judgements] == [True, False]
    again = library.refine("../a <b> 'c'")
    assert [one.to_dict() for one in again] == [one.to_dict() for one in first]
    assert again.query == found.query
    assert titles(library.refine("../a <b> 'c'", new=True)) == []
    assert titles(library.refine("../a <b> 'c'", undo=True)) == titles(first)
    forgotten = library.refine("../a <b> 'c'", forget=["Second Song", found[0].video])
    assert titles(forgotten) == titles(found)
    assert forgotten.session is not None
    assert forgotten.session.judgements == ()


def test_a_query_in_time_is_kept(library: AnyLibrary) -> None:
    query = mvsearch.parse_query('text("river") then text("loom") within 20s')
    library.keep_session("s", library.search(query))
    refined = library.refine("s", like=1)
    assert refined.query == query
    assert len(refined[0].parts) == 2
    excluding = library.search("river", not_text="loom")
    library.keep_session("not", excluding)
    again = library.refine("not")
    assert [part.role for part in again.query.parts] == [None, "not"]
    assert titles(again) == titles(excluding)


def test_sessions_are_listed_renamed_and_deleted(library: AnyLibrary) -> None:
    found = library.search("river", top=1)
    library.keep_session("one", found)
    unnamed = library.keep_session(None, found)
    assert (unnamed.name, unnamed.is_kept) == ("river", False)
    assert library.keep_session(None, found).name == "river 2"
    library.refine("one", like=1)
    assert [one.name for one in library.sessions()] == ["one", "river 2", "river"]
    named = library.rename_session("river", "two")
    assert (named.name, named.is_kept) == ("two", True)
    for refused in (
        lambda: library.keep_session("one", found),
        lambda: library.rename_session("one", "two"),
    ):
        with pytest.raises(mvsearch.MvsearchError, match="there is a session called"):
            refused()
    library.rename_session("one", "two", replace=True)
    library.keep_session("two", found, replace=True)
    library.delete_session("two")
    assert [one.name for one in library.sessions()] == ["river 2"]


MISTAKES: tuple[tuple[Any, type[Exception], str], ...] = (
    (lambda s: s.refine("nix"), mvsearch.VideoNotFoundError, "no session called nix"),
    (lambda s: s.delete_session("\x1b"), mvsearch.VideoNotFoundError, "no session called"),
    (lambda s: s.refine("s", like=9), mvsearch.QueryError, "there is no number 9"),
    (lambda s: s.refine("s", like=1, dislike=1), mvsearch.QueryError, "liked and disliked"),
    (lambda s: s.refine("s", undo=True), mvsearch.QueryError, "no judgement to take back"),
    (lambda s: s.refine("s", undo=True, like=1), mvsearch.QueryError, "taken back or made"),
    (lambda s: s.refine("s", forget="third"), mvsearch.QueryError, "no judgement of this"),
    (lambda s: s.refine("s", like="1:ocr"), mvsearch.QueryError, "has no text in picture"),
    (lambda s: s.refine("s", like=Judgement("x", True)), mvsearch.QueryError, "not in the"),
    (lambda s: s.rename_session("s", ""), mvsearch.QueryError, "1 to 100 letters"),
    (lambda s: s.rename_session("s", "a\n"), mvsearch.QueryError, "1 to 100 letters"),
    (lambda s: s.rename_session("s", "x" * 101), mvsearch.QueryError, "1 to 100 letters"),
)


def test_mistakes_are_told_in_one_line(library: AnyLibrary) -> None:
    library.keep_session("s", library.search("river"))
    before = library.sessions()
    for call, error, told in MISTAKES:
        with pytest.raises(mvsearch.MvsearchError, match=told) as raised:
            call(library)
        if isinstance(library, mvsearch.VideoLibrary):
            assert isinstance(raised.value, error)
        assert "\n" not in str(raised.value)
    assert library.sessions() == before


def test_a_picture_in_memory_is_kept_with_its_session(
    library: AnyLibrary, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = np.random.default_rng(3).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    found = library.search(image=picture)
    library.keep_session("picture", found)
    (copy,) = (place / media_copies.FOLDER).iterdir()
    refined = library.refine("picture", like=1)
    plain = {one.video.id: one.contributions for one in found}
    for one in refined:
        assert one.contributions.keys() == plain[one.video.id].keys()
        similarity = plain[one.video.id]["frames"].similarity
        assert one.contributions["frames"].similarity == pytest.approx(similarity, abs=1e-3)
    copy.write_bytes(b"another")
    with pytest.raises(mvsearch.MvsearchError, match="the image that the session searched by is"):
        library.refine("picture")
    library.keep_session("picture", found, replace=True)
    assert titles(library.refine("picture")) == titles(found)
    monkeypatch.setattr(media_copies, "NEW_SECONDS", -1.0)
    library.delete_session("picture")
    assert not copy.exists()


def test_a_copy_stays_where_a_session_cannot_be_deleted(
    here: mvsearch.VideoLibrary, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = here.search(image=np.zeros((8, 8, 3), dtype=np.uint8))
    here.keep_session("picture", found)
    monkeypatch.setattr(media_copies, "NEW_SECONDS", -1.0)

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    try:
        with monkeypatch.context() as full:
            full.setattr(in_folder, "write_own", refuse)
            with pytest.raises(mvsearch.MvsearchError, match="No space left"):
                here.delete_session("picture")
        assert titles(here.refine("picture")) == titles(found)
    finally:
        (place / "sessions.json").unlink()


def test_a_session_survives_removed_videos(tmp_path: Path) -> None:
    place = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    with mvsearch.open(place) as library:
        found = library.search("river")
        library.keep_session("s", found)
        library.refine("s", like=1)
        library.remove(found[0].video)
        again = library.refine("s")
        assert found[0].video.title not in titles(again)
        assert again.notes[-1] == "1 of the judged videos has left the library"
        assert library.refine("s", forget=found[0].video.id).notes == ()
        library.index(tmp_path / "videos", lyrics="off", include_removed=True, workers=1)
        assert library.refine("s", like=1)[0].feedback is not None


RECORD = {
    "name": "s",
    "parts": [{"kind": "text", "value": "river"}],
    "filter": {},
    "options": {},
    "rounds": [{"shown": []}],
}


@pytest.mark.parametrize(
    "damage",
    [
        "{",
        '{"a": 1}',
        '["x"]',
        "[" * 5000,
        json.dumps([{"name": "s", "parts": [], "filter": {}, "options": {}, "rounds": []}]),
        json.dumps([{"name": "s", "parts": [], "filter": {}, "options": {"top": -1}}]),
        json.dumps([{**RECORD, "parts": [{"kind": "text", "value": ""}]}]),
        json.dumps([{**RECORD, "expression": {"part": 7}}]),
        json.dumps(
            [{"name": "s\n", "parts": [], "filter": {}, "options": {}, "rounds": [{"shown": []}]}]
        ),
    ],
)
def test_a_damaged_file_is_one_line(here: mvsearch.VideoLibrary, place: Path, damage: str) -> None:
    found = here.search("river")
    (place / "sessions.json").write_text(damage)
    try:
        for call in (
            here.sessions,
            lambda: here.refine("s"),
            lambda: here.keep_session("s", found),
        ):
            with pytest.raises(
                mvsearch.LibraryDamagedError, match=r"sessions\.json cannot be read"
            ):
                call()
        assert (place / "sessions.json").read_text() == damage
        assert len(here.search("river")) == len(found)
    finally:
        (place / "sessions.json").unlink()


def test_of_two_who_refine_at_once_one_is_told(
    library: AnyLibrary, here: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.keep_session("s", library.search("river"))
    real = own.FeedbackSessions._answer

    def answer(*given: Any) -> Any:
        found = real(*given)
        if threading.current_thread() is not other:
            other.start()
            other.join()
        return found

    other = threading.Thread(target=lambda: here.refine("s", like=2))
    monkeypatch.setattr(own.FeedbackSessions, "_answer", answer)
    with pytest.raises(mvsearch.LibraryBusyError, match="was changed by another"):
        library.refine("s", like=1)
    (session,) = here.sessions()
    assert [len(one.judgements) for one in session.rounds] == [1, 0]
    assert session.judgements[0].video_id == session.rounds[0].shown[1]


@pytest.mark.parametrize(
    ("name", "names"), [(None, {"river", "river 2"}), ("s", {"s"})], ids=["chosen", "given"]
)
def test_of_two_who_keep_at_once_none_is_lost(
    here: mvsearch.VideoLibrary,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str | None,
    names: set[str],
) -> None:
    found = here.search("river")
    real = own._begin

    def begin(*given: Any) -> Any:
        if threading.current_thread() is not other:
            other.start()
            other.join()
        return real(*given)

    other = threading.Thread(target=lambda: here.keep_session(name, found))
    monkeypatch.setattr(own, "_begin", begin)
    try:
        if name is None:
            here.keep_session(name, found)
        else:
            with pytest.raises(mvsearch.MvsearchError, match="there is a session called s"):
                here.keep_session(name, found)
        assert {one.name for one in here.sessions()} == names
    finally:
        (place / "sessions.json").unlink()


def test_there_is_room_for_so_many(
    here: mvsearch.VideoLibrary, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "MAX_KEPT", 2)
    monkeypatch.setattr(stored, "MAX_OTHERS", 1)
    found = here.search("river")
    try:
        for name in ("a", None, "b", None):
            here.keep_session(name, found)
        assert [one.name for one in here.sessions()] == ["river 2", "b", "a"]
        with pytest.raises(mvsearch.MvsearchError, match="at most 2 sessions"):
            here.keep_session("c", found)
    finally:
        (place / "sessions.json").unlink()


def test_a_library_that_is_only_read_keeps_none(place: Path) -> None:
    with mvsearch.open(place, read_only=True) as library:
        assert library.sessions() == []
        picture = np.zeros((4, 4, 3), dtype=np.uint8)
        query = mvsearch.make_query(image=picture)
        found = mvsearch.SearchResults(query, SearchOptions(), ())
        held = {one.name for one in (place / media_copies.FOLDER).glob("*")}
        with pytest.raises(mvsearch.MvsearchError, match="read only"):
            library.keep_session("s", found)
        assert {one.name for one in (place / media_copies.FOLDER).glob("*")} == held


def test_a_file_whose_name_is_no_text_is_kept(here: mvsearch.VideoLibrary, place: Path) -> None:
    query = mvsearch.Query((QueryPart("image", "/x\udcff.jpg"),))
    here.keep_session("s", mvsearch.SearchResults(query, SearchOptions(), ()))
    try:
        assert here.sessions()[0].query == query
        with pytest.raises(mvsearch.QueryError, match="no file is called"):
            here.refine("s")
    finally:
        (place / "sessions.json").unlink()
