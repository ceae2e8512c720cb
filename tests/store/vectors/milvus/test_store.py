"""What Milvus holds, against what the catalogue says, whatever happens between both."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from mvsearch.store.catalog.index_writer import Made
from mvsearch.store.database.connection import Database
from mvsearch.store.errors import LibraryUnreachableError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Space
from mvsearch.store.vectors.exact.centering import place_vectors
from mvsearch.store.vectors.milvus.building import KIND
from mvsearch.store.vectors.milvus.collection import MilvusCollection, PlacedVideo
from mvsearch.store.vectors.milvus.index import MilvusIndex
from mvsearch.store.vectors.milvus.store import MilvusStore
from mvsearch.store.vectors.remote.placements import find_current
from tests.servers.milvus import MilvusLite
from tests.servers.postgres import PostgresServer
from tests.store.examples import FRAMES, LINES, SPACES, fill_song, random_units

pytestmark = pytest.mark.milvus


@pytest.fixture
def filled(library: Library) -> Library:
    """A library of three videos whose spaces are placed."""
    for seed, name in enumerate(("aa01", "bb02", "cc03")):
        fill_song(library.catalog, name, seed=10 * seed)
    for space in SPACES:
        library.index(space)
    return library


def store_of(library: Library) -> MilvusStore:
    return cast(MilvusStore, library._vectors)


def collection_of(library: Library, space: Space = FRAMES) -> MilvusCollection:
    with library._database.reading(is_newest=True) as session:
        placement = find_current(session, space.key, KIND)
    assert placement is not None
    return store_of(library).open_collection(placement)


def open_again(library: Library) -> Library:
    """The library as another process opens it."""
    return Library.open(library._database.url.render_as_string(hide_password=False))


def expect_catalogue(library: Library, space: Space = FRAMES) -> MilvusIndex:
    """The index answers as brute force over the catalogue does."""
    index = library.index(space)
    assert isinstance(index, MilvusIndex)
    found = {v: made.vectors for v, made in library.catalog.iter_embeddings(space.key)}
    assert index.video_ids == tuple(sorted(found))
    placed = [place_vectors(found[v], index.centre) for v in index.video_ids]
    queries = index.place(random_units(3, space.dim, seed=77))
    nearest = index.search(queries, index.n)
    truth = queries @ np.concatenate(placed).T
    np.testing.assert_allclose(nearest.similarities, -np.sort(-truth, axis=1), atol=2e-3)
    few = index.search(queries, 4)
    np.testing.assert_allclose(few.similarities, -np.sort(-truth, axis=1)[:, :4], atol=2e-3)
    for at, video_id in enumerate(index.video_ids):
        np.testing.assert_allclose(index.vectors(video_id), placed[at], atol=2e-3)
    return index


def forbid(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError(f"{name} is called")

    monkeypatch.setattr(f"mvsearch.store.vectors.milvus.store.{name}", refuse)


def test_what_comes_and_goes_costs_its_own_rows_only(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = expect_catalogue(filled)
    forbid(monkeypatch, "build")
    with filled.writing():
        fill_song(filled.catalog, "dd04", seed=40)
        filled.catalog.drop_locations([Path("/music/aa01.mp4")])
        fill_song(filled.catalog, "bb02", seed=50)  # made anew
    after = expect_catalogue(filled)
    assert after.placement == before.placement
    assert collection_of(filled).count() == after.n == 15
    resolved = after.resolve(before.handles).tolist()
    assert resolved == [-1, -1, after.video_ids.index("cc03")]
    with open_again(filled) as other:
        expect_catalogue(other)
        assert store_of(other).compare(FRAMES, other.catalog) == []


def test_rows_are_written_before_the_catalogue_commits(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(monkeypatch, "fill")
    seen: list[int] = []
    collection = collection_of(filled)
    whole = MilvusStore.add

    def add(self: MilvusStore, session: Any, made: list[Made], generations: Any) -> None:
        whole(self, session, made, generations)
        seen.append(collection.count())

    with monkeypatch.context() as patched:
        patched.setattr(MilvusStore, "add", add)
        fill_song(filled.catalog, "dd04", seed=40)
    assert 20 in seen
    with filled._database.reading() as session:
        state = store_of(filled)._read_state(session, FRAMES)
    assert state is not None
    assert len(state.added) == 1  # written, and not yet counted


def fail(*_: object, **__: object) -> None:
    raise LibraryUnreachableError("the server is away")


def test_a_change_that_fails_leaves_rows_that_nobody_sees(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = collection_of(filled)
    with monkeypatch.context() as patched:
        patched.setattr("mvsearch.store.catalog.changes.delete_other_stages", fail)
        patched.setattr(Database.repeat, "__defaults__", (0.0,))
        with pytest.raises(LibraryUnreachableError):
            fill_song(filled.catalog, "dd04", seed=40)
    filled.catalog.drop_locations([Path("/music/dd04.mp4")])
    assert collection.count() > 15
    expect_catalogue(filled)
    with filled.writing():
        pass
    assert collection.count() == 15
    expect_catalogue(filled)


def test_rows_that_could_not_be_deleted_are_not_found_and_deleted_later(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = collection_of(filled)
    with monkeypatch.context() as patched:
        patched.setattr(MilvusCollection, "delete", fail)
        filled.catalog.drop_locations([Path("/music/aa01.mp4")])
    assert collection.count() == 15
    index = expect_catalogue(filled)
    assert index.n == 10
    with filled.writing():
        pass
    assert collection.count() == 10


def test_a_change_of_another_that_is_not_committed_yet_is_left_alone(filled: Library) -> None:
    """What is swept while another writes is not lost when that one commits."""
    collection = collection_of(filled)
    with open_again(filled) as other, other._database.writing() as session:
        other.catalog.index.add(session, [("zz99", make_made())], {FRAMES.key: 1 << 62})
        assert collection.count() == 20
        assert store_of(filled).upkeep.find_strangers(FRAMES.key, collection)
        session.rollback()
    with filled.writing():
        pass
    assert collection.count() == 15


def make_made() -> Any:
    from tests.store.examples import make_embeddings

    return make_embeddings(FRAMES, 5, seed=3)


def lose_rows(collection: MilvusCollection) -> None:
    rows = np.concatenate([rows for rows, _ in collection.iter_rows()])
    collection.server.change("delete", collection.name, ids=rows[:3].tolist())


def lose_all(collection: MilvusCollection) -> None:
    collection.drop()


@pytest.mark.parametrize("lose", [lose_rows, lose_all])
def test_what_the_server_lost_is_told_and_written_again(
    filled: Library, lose: Callable[[MilvusCollection], None]
) -> None:
    lose(collection_of(filled))
    with open_again(filled) as other:
        [line] = store_of(other).compare(FRAMES, other.catalog)
        assert "lost" in line or "missing" in line
        expect_catalogue(other)
        assert store_of(other).compare(FRAMES, other.catalog) == []


def test_vectors_of_other_content_are_told(filled: Library) -> None:
    handle = int(filled.index(FRAMES).handles[1])
    [generation] = {int(g) for _, found in collection_of(filled).iter_rows([handle]) for g in found}
    other = PlacedVideo(handle, generation, random_units(5, 8, seed=9))
    collection_of(filled).write([other])
    store = store_of(filled)
    [line] = store.compare(FRAMES, filled.catalog)
    assert "of 1 videos" in line
    before = filled.index(FRAMES)
    store.rebuild(FRAMES, filled.catalog)
    assert store.compare(FRAMES, filled.catalog) == []
    assert expect_catalogue(filled).placement != before.placement


def test_a_collection_that_is_lost_while_an_index_is_open_is_one_line(filled: Library) -> None:
    index = filled.index(FRAMES)
    collection_of(filled).drop()
    with pytest.raises(MvsearchError, match="check --repair") as told:
        index.search(index.place(random_units(1, 8, seed=1)), 3)
    assert "\n" not in str(told.value)
    with open_again(filled) as other:
        expect_catalogue(other)
    expect_catalogue(filled)


def test_rows_that_are_lost_while_an_index_is_open_are_compared_here(filled: Library) -> None:
    """As far as their lack is noticed: when the server finds fewer rows than there are."""
    index = filled.index(LINES)
    queries = index.place(random_units(2, LINES.dim, seed=1))
    before = index.search(queries, index.n)
    lose_rows(collection_of(filled, LINES))
    after = index.search(queries, index.n)
    np.testing.assert_array_equal(after.videos, before.videos)
    np.testing.assert_allclose(after.similarities, before.similarities, atol=2e-3)


def test_a_library_that_is_only_read_compares_what_is_not_placed(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = filled._database.url.render_as_string(hide_password=False)
    with monkeypatch.context() as patched:
        patched.setattr(MilvusCollection, "write", lambda *_: None)
        fill_song(filled.catalog, "dd04", seed=40)
    with Library.open(address, is_read_only=True) as reader:
        index = expect_catalogue(reader)
        assert len(index._unplaced) == 1
    assert collection_of(filled).count() == 15


def test_a_centre_that_moves_makes_a_new_collection(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, old = filled.index(FRAMES), collection_of(filled)
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MAX_DRIFT", 0.0)
    fill_song(filled.catalog, "dd04", seed=40)
    after = expect_catalogue(filled)
    assert after.placement != before.placement
    assert old.exists()  # others may read it
    np.testing.assert_allclose(before.search(before.place(random_units(1, 8, seed=1)), 2)
                               .similarities.shape, (1, 2))  # fmt: skip
    monkeypatch.setattr("mvsearch.store.vectors.milvus.upkeep.RETIRED_SECONDS", -1.0)
    with filled.writing():
        pass
    assert not old.exists()
    expect_catalogue(filled)


def test_collections_that_a_killed_builder_left_are_deleted(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = set(collection_of(filled).server.ask("list_collections"))
    with monkeypatch.context() as patched:
        patched.setattr("mvsearch.store.vectors.milvus.building.make_current", fail)
        with pytest.raises(LibraryUnreachableError):
            store_of(filled).rebuild(FRAMES, filled.catalog)
    assert len(set(collection_of(filled).server.ask("list_collections")) - names) == 1
    with filled.writing():
        pass
    assert set(collection_of(filled).server.ask("list_collections")) == names
    expect_catalogue(filled)


def test_libraries_of_one_server_do_not_mix(
    filled: Library, postgres: PostgresServer, milvus: MilvusLite
) -> None:
    with Library.open(postgres.make_database(), create=True) as other:
        other.choose_vectors(milvus.address)
        other.catalog.adopt_profile("toy", SPACES)
        for seed, name in enumerate(("aa01", "ee05")):
            fill_song(other.catalog, name, seed=100 + seed)
        assert expect_catalogue(other).n == 10
        assert expect_catalogue(filled).n == 15
        with other.writing():
            pass
    assert expect_catalogue(filled).n == 15


def test_a_state_that_is_held_stays_whole(filled: Library) -> None:
    with open_again(filled) as other, filled.holding():
        before = filled.index(FRAMES)
        fill_song(other.catalog, "dd04", seed=40)
        assert expect_catalogue(filled) is before
        assert before.is_intact(filled.catalog)
        other.catalog.drop_locations([Path("/music/aa01.mp4")])
        assert not before.is_intact(filled.catalog)
        assert before.vectors("aa01").shape == (5, 8)
    assert expect_catalogue(filled).video_ids == ("bb02", "cc03", "dd04")


def test_vectors_move_between_stores(filled: Library, milvus: MilvusLite) -> None:
    """A library whose vectors something else kept is placed from its catalogue."""
    server, left = collection_of(filled).server, collection_of(filled).name
    filled.choose_vectors("faiss")
    assert left not in server.ask("list_collections")
    fill_song(filled.catalog, "dd04", seed=40)
    filled.catalog.drop_locations([Path("/music/aa01.mp4")])
    assert filled.index(FRAMES).video_ids == ("bb02", "cc03", "dd04")
    filled.choose_vectors(milvus.address)
    assert filled.vectors == milvus.address
    expect_catalogue(filled)
    assert store_of(filled).compare(FRAMES, filled.catalog) == []


def test_a_space_that_is_dropped_leaves_no_collection(filled: Library) -> None:
    collections = [collection_of(filled, space) for space in SPACES]
    filled.catalog.drop_locations([Path(f"/music/{name}.mp4") for name in ("aa01", "bb02", "cc03")])
    filled.catalog.adopt_profile("other", [LINES])
    assert [one.exists() for one in collections] == [space == LINES for space in SPACES]


def test_a_search_for_text_of_strangers_sends_numbers(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    whole = MilvusCollection.search

    def search(self: MilvusCollection, queries: Any, k: int, chosen: str = "") -> Iterator[Any]:
        sent.append(chosen)
        return whole(self, queries, k, chosen)

    monkeypatch.setattr(MilvusCollection, "search", search)
    index = filled.index(FRAMES)
    found = index.search(index.place(random_units(1, 8, seed=1)), 3, ["bb02", "' or 1 == 1 or '"])
    assert (found.videos == 1).all()
    assert all(set(text) <= set("handle in[]0123456789, ") for text in sent)
