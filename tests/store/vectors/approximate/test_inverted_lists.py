"""Lists of codes against brute force, and what becomes of them when a library changes."""

from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.library import Library
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
from mvsearch.store.vectors.approximate.inverted_lists import (
    InvertedLists,
    choose_probes,
    learn_codebook,
    list_rows,
)
from mvsearch.store.vectors.approximate.listed_codes import ListedCodes
from mvsearch.store.vectors.exact import row_file
from mvsearch.store.vectors.exact.nearest import ExactIndex
from mvsearch.store.vectors.exact.row_index import RowIndex
from mvsearch.store.vectors.index import Neighbours
from mvsearch.store.vectors.space_files import SpaceFiles
from tests.store.examples import SPACES, fill_song

LARGE = Space("frames", "seer", "1", 24)
# From the left: songs, frames of each.
N_SONGS, N_FRAMES = 40, 30


def make_scenes(n: int, seed: int, n_scenes: int = 6) -> Matrix:
    """Frames of a few scenes: close to each other within one, along few directions."""
    generator = np.random.default_rng(seed)
    basis = np.random.default_rng(0).normal(size=(10, LARGE.dim))
    scenes = generator.normal(size=(n_scenes, 10))[np.arange(n) * n_scenes // n]
    frames = (scenes + 0.2 * generator.normal(size=(n, 10))) @ basis
    frames += 0.2 * generator.normal(size=frames.shape)
    return (frames / np.linalg.norm(frames, axis=1, keepdims=True)).astype(np.float32)


def make_indexed(video_id: str, seed: int) -> IndexedVideo:
    vectors = make_scenes(N_FRAMES, seed)
    segments = tuple(Segment(i / 2, (i + 1) / 2) for i in range(N_FRAMES))
    path = Path(f"/music/{video_id}.mp4")
    return IndexedVideo(
        Video(video_id, path, "Song"),
        Location(path, video_id, path.parent, 1000, 1),
        (Stage(video_id, "frames", LARGE.key, "done"),),
        (Embeddings(LARGE, segments, vectors),),
    )


def add_scenes(library: Library, video_id: str, seed: int) -> Matrix:
    whole = make_indexed(video_id, seed)
    library.catalog.add_indexed([whole])
    return whole.embeddings[0].vectors


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library of 1,200 rows, where that is large."""
    monkeypatch.setattr(inverted_list_files, "MIN_LISTED_ROWS", 1000)
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 10)
    monkeypatch.setattr(inverted_list_files, "MAX_TAIL", 0.06)
    monkeypatch.setattr(inverted_lists, "MAX_AXES", 12)
    for module in (row_file, inverted_list_files):
        monkeypatch.setattr(module, "BLOCK_ROWS", 64)
    monkeypatch.setattr("mvsearch.store.vectors.update.BLOCK_ROWS", 64)
    library = Library.open(tmp_path / "large", create=True)
    library.catalog.adopt_profile("toy", [LARGE])
    library.catalog.add_indexed([make_indexed(f"{seed:04x}", seed) for seed in range(N_SONGS)])
    return library


def measure_recall(library: Library, n: int = 60) -> float:
    """The share of the ten nearest vectors that a search finds, against numpy."""
    index = library.index(LARGE)
    every = np.concatenate([index.vectors(video_id) for video_id in index.video_ids])
    queries = index.place(make_scenes(n, seed=999))
    nearest = np.argsort(-(queries @ every.T), axis=1)[:, :10]
    found = index.search(queries, 10)
    firsts = np.cumsum([0, *(index.count(video_id) for video_id in index.video_ids)])
    rows = firsts[found.videos] + found.segments
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(nearest, rows, strict=True)]))


def find_rows(index: RowIndex, found: Neighbours) -> list[int]:
    """The row of the nearest vector of each query."""
    pairs = zip(found.videos[:, 0], found.segments[:, 0], strict=True)
    return [index.rows(index.video_ids[video]).start + int(at) for video, at in pairs]


def codes_of(library: Library) -> ListedCodes:
    """The codes as they are stored."""
    index = library.index(LARGE)
    files = SpaceFiles(library.folder / "vectors", LARGE)
    found = inverted_list_files.read_lists(files, index.placement, index.n_rows)
    assert found is not None
    return found.codes


def test_a_large_index_is_approximate_and_says_how_well(large: Library) -> None:
    index = large.index(LARGE)
    assert not index.is_exact
    assert index.lists is not None
    assert (index.lists.n, index.lists.n_learnt) == (1200, 1200)
    assert index.recall == index.lists.recall >= 0.98
    assert index.lists.n_probed < index.lists.n_lists == 64
    numbers = [rows for _, _, rows in codes_of(large).iter_lists()]
    assert sorted(np.concatenate(numbers).tolist()) == list(range(1200))
    assert measure_recall(large) >= 0.9
    with Library.open(large.folder) as opened:
        again = opened.index(LARGE)
        assert again.lists is not None
        assert again.lists.recall == index.lists.recall
        query = again.place(make_scenes(1, seed=5))
        found, before = again.search(query, 20), index.search(query, 20)
        np.testing.assert_array_equal(found.videos, before.videos)
        np.testing.assert_array_equal(found.similarities, before.similarities)


def test_few_lists_find_less_than_many(large: Library) -> None:
    index = large.index(LARGE)
    assert index.lists is not None
    queries = index.place(make_scenes(40, seed=999))
    every = np.concatenate([index.vectors(video_id) for video_id in index.video_ids])
    nearest = np.argsort(-(queries @ every.T), axis=1)[:, :10]
    recalls = []
    for n_probed in (1, 8, 64):
        found = index.lists.find(queries, 1200, n_probed)
        recalls.append(np.mean([np.isin(a, b).mean() for a, b in zip(nearest, found, strict=True)]))
    assert recalls[0] < recalls[1] < recalls[2] == 1.0


def test_codes_are_as_near_as_their_steps(large: Library) -> None:
    """Each row lies in the list of its nearest centroid, as far from it as its code says."""
    index = large.index(LARGE)
    codes = codes_of(large)
    book = codes.book
    np.testing.assert_allclose(book.axes @ book.axes.T, np.eye(12), atol=1e-5)
    projected = index._exact.rows.astype(np.float32) @ book.axes.T + book.offset
    np.testing.assert_allclose(projected.mean(axis=0), 0, atol=1e-3)
    lows, widths = book.ranges.reshape(2, -1)
    for number, (_, own, rows) in enumerate(codes.iter_lists()):
        distances = np.linalg.norm(projected[rows][:, None] - book.centroids[None], axis=2)
        np.testing.assert_allclose(distances[:, number], distances.min(axis=1), atol=1e-3)
        decoded = book.centroids[number] + lows + widths * (own + 0.5) / 255
        assert (np.abs(decoded - projected[rows]) <= 0.51 * widths / 255 + 1e-5).all()


def test_few_rows_are_compared_one_and_all(large: Library) -> None:
    index = large.index(LARGE)
    query = index.place(make_scenes(1, seed=5))
    truth = -np.sort(-(index.vectors("0003") @ query[0]))
    found = index.search(query, 30, ["0003"])
    np.testing.assert_allclose(found.similarities[0], truth, atol=2e-3)


def test_rows_without_a_code_are_found_and_get_one_in_time(large: Library) -> None:
    large.index(LARGE)
    before = codes_of(large).stored.tobytes()
    late = add_scenes(large, "ff00", seed=500)
    index = large.index(LARGE)
    assert index.lists is not None
    assert (index.n_rows, index.lists.n) == (1230, 1200)
    assert codes_of(large).stored.tobytes() == before
    found = index.search(index.place(late[:3]), 1)
    assert find_rows(index, found) == [1200, 1201, 1202]
    np.testing.assert_allclose(found.similarities, 1, atol=2e-3)
    for seed in range(3):
        add_scenes(large, f"ff1{seed}", seed=600 + seed)
    index = large.index(LARGE)
    assert index.lists is not None
    assert index.n_rows == index.lists.n == 1320
    assert index.lists.n_learnt == 1200
    found = index.search(index.place(late[:3]), 1)
    assert find_rows(index, found) == [1200, 1201, 1202]
    assert measure_recall(large) >= 0.9


def test_codes_of_what_left_are_blotted_out(large: Library) -> None:
    index = large.index(LARGE)
    assert index.lists is not None
    old = large.catalog.embeddings("0007", LARGE.key)
    assert old is not None
    before = codes_of(large)
    span = index.rows("0007")
    with large.writing():
        large.catalog.drop_locations([Path("/music/0007.mp4")])
    after = codes_of(large)
    pairs = zip(before.iter_lists(), after.iter_lists(), strict=True)
    for (_, old_codes, rows), (_, codes, numbers) in pairs:
        np.testing.assert_array_equal(rows, numbers)
        gone = (rows >= span.start) & (rows < span.stop)
        assert old_codes[gone].any(axis=1).all()
        assert not codes[gone].any()
        np.testing.assert_array_equal(codes[~gone], old_codes[~gone])
    after = large.index(LARGE)
    assert after.placement == index.placement
    assert after.lists is not None
    assert "0007" not in after.video_ids
    assert (after.search(after.place(old.vectors[:5]), 50).videos >= 0).all()
    assert measure_recall(large) >= 0.9


@pytest.mark.parametrize("ending", ["codes", "lists"])
def test_damaged_lists_are_not_used_and_made_anew(large: Library, ending: str) -> None:
    large.index(LARGE)
    (file,) = (large.folder / "vectors").glob(f"*.{ending}")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with Library.open(large.folder) as opened:
        generation = opened.catalog.generation(LARGE.key)
        damaged = opened._vectors.load(LARGE, generation)
        assert damaged is not None
        assert damaged.is_exact
        assert not opened.index(LARGE).is_exact


def test_as_many_lists_are_looked_into_as_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.concatenate([make_scenes(30, seed) for seed in range(20)]).astype("<f2")
    exact = ExactIndex(np.concatenate([np.zeros(4096, np.uint8), rows.view(np.uint8).ravel()]), 24)
    lists = InvertedLists(list_rows(rows, learn_codebook(rows)), 1, 0.0, len(rows))
    chosen = choose_probes(lists, exact)
    assert chosen.recall >= 0.98
    monkeypatch.setattr(inverted_lists, "MIN_RECALL", 2.0)
    assert choose_probes(lists, exact).n_probed == lists.n_lists == 64


@pytest.mark.parametrize("ending", [".leading", ".following"])
def test_codes_of_an_older_version_are_deleted(large: Library, ending: str) -> None:
    placement = large.index(LARGE).placement
    old = SpaceFiles(large.folder / "vectors", LARGE).codes(placement, 1200).with_suffix(ending)
    old.write_bytes(b"codes of videos that may have left")
    with large.writing():
        pass
    assert not old.exists()
    assert not large.index(LARGE).is_exact


def test_a_small_library_has_no_lists(library: Library) -> None:
    fill_song(library.catalog, "ab12", seed=1)
    for space in SPACES:
        assert library.index(space).is_exact
    assert not list((library.folder / "vectors").glob("*.lists"))
