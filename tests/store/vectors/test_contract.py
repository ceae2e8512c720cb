"""What every vector index promises, against numpy."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.library import Library
from mvsearch.store.opening import Address
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    Matrix,
    Segment,
    Space,
    Stage,
    Video,
)
from mvsearch.store.vectors.approximate import inverted_list_files, inverted_lists
from mvsearch.store.vectors.exact import row_file
from mvsearch.store.vectors.index import Neighbours, VectorIndex
from tests.servers.milvus import obtain_server
from tests.servers.postgres import shared_server
from tests.store.examples import make_index

SPACE = Space("frames", "seer", "1", 24)
# Videos of a few scenes each; one is long, one is short, one has no vectors.
SIZES = {f"{number:04x}": 30 for number in range(30)} | {"long": 200, "one": 1, "none": 0}
GONE, NEW = ("0003", "0004", "000f"), "ff00"
UNTIMED = "0005"


def make_scenes(n: int, seed: int, n_scenes: int = 6) -> Matrix:
    """Frames of a few scenes: close to each other within one, along few directions."""
    generator = np.random.default_rng(seed)
    basis = np.random.default_rng(0).normal(size=(10, SPACE.dim))
    scenes = generator.normal(size=(n_scenes, 10))[np.arange(n) * n_scenes // max(1, n)]
    frames = (scenes + 0.2 * generator.normal(size=(n, 10))) @ basis
    frames += 0.2 * generator.normal(size=frames.shape)
    return (frames / np.linalg.norm(frames, axis=1, keepdims=True)).astype(np.float32)


CONTENT = {name: make_scenes(n, seed) for seed, (name, n) in enumerate(SIZES.items())}
LATER = {name: CONTENT[name] for name in CONTENT if name not in GONE} | {NEW: make_scenes(30, 99)}


@dataclass(frozen=True)
class Held:
    """An index of `LATER`, and the one before of `CONTENT` where there was one."""

    index: VectorIndex
    older: VectorIndex | None
    has_times: bool

    @property
    def placed(self) -> Matrix:
        """All vectors, in the order of `owners`."""
        return self.index.place(np.concatenate([LATER[v] for v in self.index.video_ids]))

    @property
    def owners(self) -> np.ndarray:
        """Positions in `video_ids`."""
        sizes = [len(LATER[v]) for v in self.index.video_ids]
        return np.repeat(np.arange(len(sizes)), sizes)


def add_video(library: Library, name: str, vectors: Matrix) -> None:
    times: list[tuple[float, float] | tuple[None, None]] = [
        (None, None) if name == UNTIMED else (at / 2, at / 2 + 0.5) for at in range(len(vectors))
    ]
    made = Embeddings(SPACE, tuple(Segment(*pair) for pair in times), vectors)
    path = Path(f"/music/{name}.mp4")
    stage = Stage(name, "frames", SPACE.key, "done")
    video, location = Video(name, path, "Song"), Location(path, name, path.parent, 1000, 1)
    library.catalog.add_indexed([IndexedVideo(video, location, (stage,), (made,))])


def change(library: Library) -> Held:
    """A library that held `CONTENT` when it was asked first."""
    library.catalog.adopt_profile("toy", [SPACE])
    with library.writing():
        for name, vectors in CONTENT.items():
            add_video(library, name, vectors)
    older = library.index(SPACE)
    with library.writing():
        library.catalog.drop_locations([Path(f"/music/{name}.mp4") for name in GONE])
        add_video(library, NEW, LATER[NEW])
    return Held(library.index(SPACE), older, has_times=True)


def hold_in_memory(library: Library, patch: pytest.MonkeyPatch) -> Held:
    return Held(make_index(SPACE, LATER), None, has_times=False)


def hold_mapped(library: Library, patch: pytest.MonkeyPatch) -> Held:
    """Rows in files, with gaps where videos left."""
    patch.setattr(row_file, "MAX_CHECKED_BYTES", 0)
    return change(library)


def hold_approximate(library: Library, patch: pytest.MonkeyPatch) -> Held:
    """Most rows in lists, some behind them."""
    patch.setattr(inverted_list_files, "MIN_LISTED_ROWS", 1000)
    patch.setattr(inverted_list_files, "MAX_TAIL", 0.06)
    patch.setattr(inverted_lists, "MAX_AXES", 12)
    return change(library)


def hold_pgvector(library: Library, patch: pytest.MonkeyPatch) -> Held:
    """Rows in PostgreSQL, all compared."""
    return change(library)


def hold_pgvector_listed(library: Library, patch: pytest.MonkeyPatch) -> Held:
    """Rows in PostgreSQL with an index of the server, some of which came later."""
    patch.setattr("mvsearch.store.vectors.pgvector.placing.MIN_LISTED", 500)
    patch.setattr("mvsearch.store.vectors.pgvector.index.COMPARING", 1000)
    return change(library)


def hold_milvus(library: Library, patch: pytest.MonkeyPatch) -> Held:
    """Rows in Milvus, all compared."""
    library.choose_vectors(obtain_server().address)
    return change(library)


def hold_milvus_graph(library: Library, patch: pytest.MonkeyPatch) -> Held:
    """Rows in Milvus with a graph, in several requests where many videos are chosen."""
    patch.setattr("mvsearch.store.vectors.milvus.building.MAX_FLAT", 100)
    patch.setattr("mvsearch.store.vectors.milvus.index.MAX_CHOSEN", 10)
    patch.setattr("mvsearch.store.vectors.milvus.index.MAX_K", 300)
    return hold_milvus(library, patch)


IN_FOLDERS = (hold_in_memory, hold_mapped, hold_approximate)
IN_POSTGRES = (hold_pgvector, hold_pgvector_listed)
IN_MILVUS = (hold_milvus, hold_milvus_graph)
APPROXIMATE = (hold_approximate, hold_pgvector_listed, hold_milvus_graph)


@pytest.fixture(
    scope="module",
    params=[
        *IN_FOLDERS,
        *(pytest.param(one, marks=pytest.mark.postgres) for one in IN_POSTGRES),
        *(pytest.param(one, marks=pytest.mark.milvus) for one in IN_MILVUS),
    ],
)
def held(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Held]:
    hold: Callable[[Library, pytest.MonkeyPatch], Held] = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 10)
        place: Address = tmp_path_factory.mktemp("contract") / "library"
        if hold not in IN_FOLDERS:
            patch.setenv("XDG_CACHE_HOME", str(place))
            place = shared_server().make_database()
        with Library.open(place, create=True) as library:
            made = hold(library, patch)
            assert made.index.is_exact == (hold not in APPROXIMATE)
            yield made


@pytest.fixture(scope="module")
def queries(held: Held) -> Matrix:
    """Vectors of the index, of a video that left, and strangers."""
    some = [LATER["long"][::40], LATER[NEW][:3], CONTENT[GONE[0]][:3], make_scenes(30, seed=999)]
    return held.index.place(np.concatenate(some))


def locate(held: Held, found: Neighbours) -> np.ndarray:
    """Where in `placed` each neighbour is; -1 for none."""
    firsts = np.searchsorted(held.owners, np.arange(len(held.index.video_ids)))
    return np.where(found.videos < 0, -1, firsts[found.videos] + found.segments)


def expect_neighbours(held: Held, queries: Matrix, k: int, found: Neighbours) -> np.ndarray:
    """Check what holds of all neighbours, and give their places in `placed`."""
    for part, kind in zip((found.similarities, found.videos, found.segments), "fii", strict=True):
        assert part.shape == (len(queries), k)
        assert part.dtype.kind == kind
    rows = locate(held, found)
    assert (np.diff(np.nan_to_num(found.similarities, neginf=-9), axis=1) <= 0).all()
    assert (np.isneginf(found.similarities) == (rows < 0)).all()
    assert ((found.segments < 0) == (rows < 0)).all()
    truth = np.take_along_axis(queries @ held.placed.T, np.maximum(rows, 0), axis=1)
    np.testing.assert_allclose(found.similarities[rows >= 0], truth[rows >= 0], atol=2e-3)
    for row in rows:
        assert len(set(row[row >= 0])) == (row >= 0).sum()
    return rows


def test_it_holds_the_videos_that_have_vectors(held: Held) -> None:
    index = held.index
    assert index.space == SPACE
    assert index.video_ids == tuple(sorted(name for name in LATER if len(LATER[name])))
    assert index.n == sum(map(len, LATER.values()))
    for name in (*LATER, *GONE, "unknown"):
        own = LATER.get(name, np.zeros((0, SPACE.dim), np.float32))
        vectors, spans = index.vectors(name), index.spans(name)
        assert index.count(name) == len(vectors) == len(own)
        assert vectors.dtype == np.float32
        assert not vectors.flags.writeable
        np.testing.assert_allclose(vectors, index.place(own), atol=2e-3)
        assert spans.starts.shape == spans.ends.shape == (len(own),)
        if held.has_times and name == UNTIMED:
            assert np.isnan([spans.starts, spans.ends]).all()
        else:
            assert spans.starts.tolist() == [at / 2 for at in range(len(own))]
            np.testing.assert_array_equal(spans.ends - spans.starts, 0.5)


def test_a_search_finds_the_nearest(held: Held, queries: Matrix) -> None:
    found = held.index.search(queries, 10)
    rows = expect_neighbours(held, queries, 10, found)
    truth = queries @ held.placed.T
    best = np.argsort(-truth, axis=1)[:, :10]
    if held.index.is_exact:
        assert held.index.recall == 1
        expected = np.take_along_axis(truth, best, axis=1)
        np.testing.assert_allclose(found.similarities, expected, atol=2e-3)
    else:
        assert 0.9 < held.index.recall <= 1
        hits = [np.isin(a, b).mean() for a, b in zip(best, rows, strict=True)]
        assert np.mean(hits) >= 0.9


@pytest.mark.parametrize("n_videos", [0, 1, 4, 12, 25])
@pytest.mark.parametrize("are_far", [False, True])
def test_a_search_within_videos_finds_enough_and_nothing_else(
    held: Held, queries: Matrix, n_videos: int, are_far: bool
) -> None:
    """Also where all the videos that may be found are far from the query."""
    ids = np.array(held.index.video_ids)
    far_first = np.argsort(held.index.score_sets(queries[:1], ids.tolist()))
    order = far_first if are_far else np.random.default_rng(n_videos).permutation(len(ids))
    within = [*ids[order[:n_videos]].tolist(), "none", "unknown", GONE[0]]
    is_allowed = np.isin(ids[held.owners], within)
    for k in (1, 10, 64):
        found = held.index.search(queries, k, within)
        rows = expect_neighbours(held, queries, k, found)
        assert (np.count_nonzero(rows >= 0, axis=1) == min(k, is_allowed.sum())).all()
        assert is_allowed[rows[rows >= 0]].all()
        if held.index.is_exact and rows.max() >= 0:
            truth = np.sort((queries @ held.placed.T)[:, is_allowed], axis=1)[:, ::-1]
            n = min(k, truth.shape[1])
            np.testing.assert_allclose(found.similarities[:, :n], truth[:, :n], atol=2e-3)


def test_what_is_left_out_is_not_found(held: Held, queries: Matrix) -> None:
    ids = held.index.video_ids
    nearest = held.index.search(queries[:1], 1)
    left_out = [ids[nearest.videos[0, 0]], "unknown", "long"]
    found = held.index.search(queries, 40, left_out=left_out)
    rows = expect_neighbours(held, queries, 40, found)
    assert (rows >= 0).all()
    assert not np.isin(np.array(ids)[found.videos], left_out).any()
    both = held.index.search(queries, 40, ["0001", "long"], left_out)
    assert {ids[at] for at in both.videos[both.videos >= 0]} == {"0001"} - {left_out[0]}
    assert (held.index.search(queries, 5, ["long"], ["long"]).videos == -1).all()


def test_more_than_there_is_comes_with_empty_places(held: Held, queries: Matrix) -> None:
    n = held.index.n
    found = held.index.search(queries[:2], n + 5)
    rows = expect_neighbours(held, queries[:2], n + 5, found)
    assert sorted(rows[0, :n].tolist()) == list(range(n))
    assert (rows[:, n:] == -1).all()
    assert held.index.search(queries[:0], 4).videos.shape == (0, 4)


def test_sets_are_scored_by_brute_force(held: Held, queries: Matrix) -> None:
    ids = ["long", "unknown", "one", *reversed(held.index.video_ids), "none", GONE[0]]
    expected = []
    for video_id in ids:
        own = held.index.place(LATER.get(video_id, np.zeros((0, SPACE.dim), np.float32)))
        best = (queries.astype(np.float64) @ own.T).max(axis=1) if len(own) else [np.nan]
        expected.append(np.mean(best))
    scores = held.index.score_sets(queries, ids)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, expected, atol=2e-3)
    assert held.index.score_sets(queries, []).shape == (0,)
    assert isinstance(held.index.is_scoring_cheaper(3, 10, ids), bool)


def test_several_videos_are_read_at_once(held: Held) -> None:
    ids = ["one", "none", *held.index.video_ids[:3], "unknown", "one"]
    read = held.index.read(ids)
    assert [len(vectors) for vectors in read] == [held.index.count(one) for one in ids]
    for video_id, vectors in zip(ids, read, strict=True):
        np.testing.assert_array_equal(vectors, held.index.vectors(video_id))
    assert held.index.read([]) == []


def test_handles_outlast_what_comes_and_goes(held: Held) -> None:
    index = held.index
    assert index.resolve(index.handles).tolist() == list(range(len(index.video_ids)))
    if held.older is None:
        return
    assert held.older.placement == index.placement
    found = index.resolve(held.older.handles).tolist()
    names = [index.video_ids[at] if at >= 0 else None for at in found]
    assert names == [None if name in GONE else name for name in held.older.video_ids]


def test_several_threads_get_the_same_answers(held: Held, queries: Matrix) -> None:
    expected = held.index.search(queries, 10)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: held.index.search(queries, 10), range(8)):
            np.testing.assert_array_equal(found.videos, expected.videos)
            np.testing.assert_array_equal(found.similarities, expected.similarities)


def test_an_empty_index_finds_nothing() -> None:
    empty = make_index(SPACE, {})
    queries = make_scenes(3, seed=1)
    np.testing.assert_allclose(empty.place(queries), queries, atol=1e-6)
    found = empty.search(queries, 4)
    assert np.isneginf(found.similarities).all()
    assert (found.videos == -1).all()
    assert (empty.n, empty.video_ids, empty.handles.shape) == (0, (), (0,))
    assert empty.resolve(np.array([-1, 0])).tolist() == [-1, -1]
    assert np.isnan(empty.score_sets(queries, ["unknown"])).all()
