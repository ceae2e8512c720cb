"""What becomes of the tables of vectors when a library changes, and when a program was killed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from mvsearch.store.database.postgresql.index_tables import (
    IndexedVideoRow,
    MeasuredRow,
    PlacementRow,
)
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Segment, Space
from mvsearch.store.vectors.pgvector import placing, sweeping
from mvsearch.store.vectors.pgvector.store import PgvectorStore
from mvsearch.store.vectors.pgvector.tables import on_table
from tests.servers.postgres import PostgresServer
from tests.store.vectors.pgvector.made import (
    PICTURES,
    SPACES,
    WORDS,
    add,
    list_placements,
    make_vectors,
    remove,
)

pytestmark = pytest.mark.postgres

LOOK = Space("frames", "trained", "1", 16, view="look")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "GRACE_SECONDS", 0.0)


def change_rows(library: Library, sql: str) -> None:
    """Change the table of pictures behind the library's back."""
    with library.database.writing() as session:
        session.execute(on_table(library.index(PICTURES).placement, sql))


def compare(library: Library) -> list[str]:
    return PgvectorStore(library.database).compare(PICTURES, library.catalog)


def count_rows(library: Library) -> int:
    """The rows of all tables of vectors."""
    with library.database.reading(is_newest=True) as session:
        return sum(
            session.scalar(on_table(placement, "SELECT count(*) FROM PLACED")) or 0
            for placement in list_placements(library)
        )


def test_nothing_of_removed_videos_is_held(library: Library) -> None:
    for seed in range(8):
        add(library, seed)
    library.index(PICTURES)  # the first table is still there, for others
    with library.writing():
        remove(library, *range(7))
        with library.database.reading(is_newest=True) as session:
            names = session.scalars(text("SELECT video_id FROM indexed_video ORDER BY 1")).all()
    assert count_rows(library) == 2 * 5
    assert names.count("0007") == 2
    assert set(names) == {"0007", None}
    assert library.index(PICTURES).video_ids == ("0007",)


def test_vectors_of_a_stage_are_replaced(library: Library) -> None:
    for seed in range(3):
        add(library, seed)
    before = library.index(PICTURES)
    made = Embeddings(PICTURES, (Segment(0.0, 1.0),), make_vectors(PICTURES, 77, 1))
    stage = library.catalog.stages("0001")[0]
    library.catalog.store_stage(stage, [made])
    index = library.index(PICTURES)
    assert index.count("0001") == 1
    assert library.index(WORDS).count("0001") == 0
    np.testing.assert_allclose(index.vectors("0001"), index.place(made.vectors), atol=2e-3)
    if before.placement == index.placement:
        assert index.resolve(before.handles).tolist() == [0, -1, 2]


def test_the_space_of_a_trained_encoder_comes_and_goes(library: Library) -> None:
    add(library, 1)
    library.catalog.add_look(LOOK)
    made = Embeddings(LOOK, (Segment(0.0, 1.0),), make_vectors(LOOK, 1, 1))
    library.catalog.add_embeddings({"0001": made})
    assert library.index(LOOK).video_ids == ("0001",)
    n_before = len(list_placements(library))
    with library.writing():
        library.catalog.drop_look("trained")
    assert library.index(LOOK).video_ids == ()
    assert len(list_placements(library)) < n_before
    assert library.index(PICTURES).n == 5


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_table_that_is_finished_before_its_lock_is_free_stays(
    library: Library, monkeypatch: pytest.MonkeyPatch, is_replaced: bool
) -> None:
    """`is_replaced`: another one has taken its place by then, and readers still need it."""
    with library.writing():
        add(library, 1)
    with library.database.writing() as session:
        built = placing.add_placement(session, PICTURES).placement
    building = sweeping.building

    @contextmanager
    def finish_first(*asked: Any) -> Iterator[None]:
        with library.database.writing() as session:
            if is_replaced:
                session.get_one(PlacementRow, built).retired_seconds = time.time()
            else:
                placing.retire(session, [PICTURES.key])
                session.get_one(PlacementRow, built).is_current = True
        with building(*asked):
            yield

    monkeypatch.setattr(sweeping, "building", finish_first)
    monkeypatch.setattr(sweeping, "GRACE_SECONDS", 60.0)
    sweeping.drop_unused(library.database)
    assert list_placements(library)[built] is not is_replaced


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_table_that_was_not_finished_is_dropped(
    library: Library, monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    """`is_lost`: the program ends before it can clean up."""

    def fail(*_: object) -> None:
        raise MvsearchError("the disk of the server is full")

    with library.writing():
        for seed in range(3):
            add(library, seed)
    with monkeypatch.context() as patch:
        patch.setattr(placing, "_exchange", fail)
        if is_lost:
            patch.setattr(placing, "discard", fail)
        index = library.index(PICTURES)
    assert index.n == 15
    assert len(list_placements(library)) == 2 + is_lost
    with library.writing():
        add(library, 3)
    assert len(list_placements(library)) == 2
    assert library.index(PICTURES).n == 20


def test_a_link_that_is_cut_while_vectors_are_placed_leaves_those_in_use(
    library: Library, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All connections end between the copy of the vectors and the exchange."""
    for seed in range(3):
        add(library, seed)
    name = str(library.database.url.database)

    def cut(*values: Any) -> None:
        postgres.end_connections(name)
        exchange(*values)

    exchange = placing._exchange
    with monkeypatch.context() as patch:
        patch.setattr(placing, "_exchange", cut)
        index = library.index(PICTURES)
    assert index.n == 15
    assert len(index.search(index.vectors("0001"), 3).videos) == 5
    add(library, 3)
    assert library.index(PICTURES).n == 20
    assert compare(library) == []
    with library.writing():
        pass
    assert len(list_placements(library)) == 2


def test_what_is_wrong_with_an_index_is_told_and_repaired(library: Library) -> None:
    for seed in range(6):
        add(library, seed)
    library.index(PICTURES)
    assert compare(library) == []
    change_rows(library, "DELETE FROM PLACED WHERE segment = 4 AND handle % 4 = 1")
    change_rows(library, "INSERT INTO PLACED SELECT -1, 0, 0, 0, vector FROM PLACED LIMIT 1")
    change_rows(
        library,
        "UPDATE PLACED SET vector = (SELECT vector FROM PLACED WHERE segment = 3 LIMIT 1)"
        " WHERE segment = 0 AND handle = (SELECT max(handle) FROM PLACED WHERE handle % 4 = 3)",
    )
    assert compare(library) == [
        "the index has too many or too few vectors of 4 videos",
        "the vectors of 1 videos are not those of the catalogue",
    ]
    with library.database.writing() as session:
        row = IndexedVideoRow
        session.query(row).filter(row.video_id == "0002", row.space_key == PICTURES.key).delete()
    assert compare(library)[0] == "the index lacks the vectors of 1 videos"
    PgvectorStore(library.database).rebuild(PICTURES, library.catalog)
    assert compare(library) == []
    assert library.index(PICTURES).count("0002") == 5


def test_the_store_is_chosen_and_changed(library: Library) -> None:
    for seed in range(5):
        add(library, seed)
    assert library.vectors == "pgvector"
    query = make_vectors(PICTURES, 3, 1)
    first = library.index(PICTURES)
    expected = first.search(first.place(query), 4)
    library.choose_vectors("faiss")
    index = library.index(PICTURES)
    assert (library.vectors, index.is_remote) == ("faiss", False)
    add(library, 5)
    remove(library, 5)
    library.choose_vectors("pgvector")
    index = library.index(PICTURES)
    assert index.is_remote
    np.testing.assert_array_equal(index.search(index.place(query), 4).videos, expected.videos)
    assert compare(library) == []
    with pytest.raises(MvsearchError, match="there is no vector index 'qdrant'"):
        library.choose_vectors("qdrant")


def test_measurements_are_kept_while_the_placement_is(
    library: Library, postgres_address: str
) -> None:
    add(library, 1)
    index = library.index(PICTURES)
    library.keep_measured(index, "scales1", {"scale": np.arange(3)})
    with Library.open(postgres_address, is_read_only=True) as other:
        read = other.measured(other.index(PICTURES), "scales1")
        assert read is not None
        assert read["scale"].tolist() == [0, 1, 2]
        other.keep_measured(other.index(PICTURES), "more", {"scale": np.arange(2)})
        assert other.measured(other.index(PICTURES), "more") is not None
    with Library.open(postgres_address) as other:
        assert other.measured(other.index(PICTURES), "more") is None
        with other.database.writing() as session:
            session.query(MeasuredRow).update({"arrays": b"other"})
        again = other.index(PICTURES)
        assert other.measured(again, "scales1") is None
        add(other, 2)
        assert other.index(PICTURES).placement != again.placement


def test_a_reader_who_may_not_write_searches_as_it_is(
    library: Library, postgres_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    for seed in range(4):
        add(library, seed)
    library.index(PICTURES)
    add(library, 4)
    with Library.open(postgres_address, is_read_only=True) as other:
        index = other.index(PICTURES)
        assert index.n == 25
        own = index.vectors("0004")
        assert index.video_ids[int(index.search(own[:1], 1).videos[0, 0])] == "0004"
    with library.holding():
        assert library.index(PICTURES).n == 25


def test_a_user_who_may_only_read_searches_as_it_is(
    library: Library,
    postgres: PostgresServer,
    postgres_address: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for seed in range(4):
        add(library, seed)
    library.index(PICTURES)
    add(library, 4)
    name, user = str(library.database.url.database), f"reader_{library.database.url.database}"
    postgres.run(f"CREATE ROLE {user} LOGIN", name)
    postgres.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}", name)
    with Library.open(postgres_address.replace("postgres@", f"{user}@")) as other:
        for _ in range(2):
            index = other.index(PICTURES)
            assert index.n == 25
            own = index.vectors("0004")
            assert index.video_ids[int(index.search(own[:1], 1).videos[0, 0])] == "0004"
            other.keep_measured(index, "scales", {"scale": np.arange(2)})
            assert other.measured(index, "scales") is not None
            other._indexes.clear()
        with pytest.raises(MvsearchError, match="lacks a right"):
            remove(other, 4)
    assert caplog.text.count("stays as it was") == 1
    assert len(list_placements(library)) == 3


def test_a_library_without_vectors_is_searched(library: Library) -> None:
    for space in SPACES:
        index = library.index(space)
        queries = index.place(make_vectors(space, 1, 2))
        assert (index.search(queries, 3).videos == -1).all()
        assert np.isnan(index.score_sets(queries, ["one"])).all()
        assert (index.n, index.video_ids) == (0, ())


@pytest.mark.parametrize("was_here", [True, False])
def test_videos_from_before_another_choice_are_found_after_the_next_is_added(
    library: Library, *, was_here: bool
) -> None:
    if not was_here:
        library.choose_vectors("faiss")
    with library.writing():
        add(library, 1)
        library.index(WORDS)
    library.choose_vectors("faiss")
    with library.writing():
        add(library, 2)
    library.choose_vectors("pgvector")
    with library.writing():
        add(library, 3)
    store = PgvectorStore(library.database)
    for space in SPACES:
        index = library.index(space)
        assert index.video_ids == ("0001", "0002", "0003")
        assert store.compare(space, library.catalog) == []
        assert (index.search(make_vectors(space, 1, 1), 15).videos >= 0).all()


def test_an_open_library_follows_the_choice_of_another(library: Library) -> None:
    add(library, 1)
    with Library.open(library.database.url.render_as_string(hide_password=False)) as other:
        for seed, name in enumerate(("faiss", "pgvector", "faiss"), start=2):
            assert other.index(WORDS).video_ids == library.index(WORDS).video_ids
            library.choose_vectors(name)
            other.index(WORDS).search(make_vectors(WORDS, 1, 1), 5)
            with library.writing():
                add(library, seed)
            for space in SPACES:
                index = other.index(space)
                assert len(index.video_ids) == seed
                assert (index.search(make_vectors(space, 1, 1), 5 * seed).videos >= 0).all()
        with other.writing():
            add(other, 9)
        assert len(library.index(WORDS).video_ids) == 5
