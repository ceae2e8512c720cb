"""Exact retrieval against brute force in numpy."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import mvsearch.search.retrieval.blocks
import mvsearch.search.retrieval.retrieve
import mvsearch.store.vectors.exact.best_match
from mvsearch.search.query.words.lexical import WordEvidence
from mvsearch.search.retrieval.retrieve import IndexQuery, find_candidates, score_videos
from mvsearch.search.retrieval.set_similarity import compare_all, compare_one
from mvsearch.search.scoring.calibration import compute_surprisal
from mvsearch.search.scoring.fusion import fuse_surprisal, fuse_weighted, merge_parts

N_VIDEOS = 40


@pytest.fixture(scope="module")
def library(plant: Any, spaces: dict[str, Any], conftest_spans: Any) -> Any:
    """Forty videos about ten themes; some without lyrics, one without frames, lengths 1 to 60."""
    rng = np.random.default_rng(7)
    themes = {m: rng.normal(size=(10, spaces[m].dim)) for m in ("frames", "lyrics")}
    content = {}
    for at in range(N_VIDEOS):
        held = {}
        for modality in ("frames", "lyrics"):
            if (modality == "lyrics" and at % 3 == 0) or (modality == "frames" and at == 7):
                continue
            n = int(rng.integers(1, 60))
            vectors = themes[modality][at % 10] + 0.7 * rng.normal(size=(n, spaces[modality].dim))
            held[spaces[modality]] = (vectors, conftest_spans(n))
        content[f"{at:02d}aa"] = held
    return plant(content)


def brute_force(index: Any, queries: np.ndarray, video_id: str) -> float:
    vectors = index.vectors(video_id).astype(np.float64)
    if not len(vectors):
        return float("nan")
    return float(np.mean([max(float(q @ v) for v in vectors) for q in queries.astype(np.float64)]))


def make_queries(index: Any, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    queries = rng.normal(size=(n, index.space.dim)).astype(np.float32)
    queries[0] = index.vectors(index.video_ids[seed % len(index.video_ids)])[0]
    return index.place(queries / np.linalg.norm(queries, axis=1, keepdims=True))


@pytest.mark.parametrize("max_product", [1, 50, 1 << 24])
@pytest.mark.parametrize("block_values", [1, 400, 100_000])
def test_set_similarity_is_brute_force_whatever_the_blocks(
    library: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch, max_product: int, block_values: int
) -> None:
    monkeypatch.setattr(mvsearch.store.vectors.exact.best_match, "MAX_PRODUCT", max_product)
    monkeypatch.setattr(mvsearch.store.vectors.exact.best_match, "BLOCK_VALUES", block_values)
    index = library.index(spaces["lyrics"])
    ids = [f"{at:02d}aa" for at in (5, 11, 0, 1, 2, 10, 3, 4, 7)]
    queries = make_queries(index, 5, 3)
    expected = [brute_force(index, queries, video_id) for video_id in ids]
    assert score_videos(IndexQuery(index, queries), ids) == pytest.approx(
        expected, abs=1e-5, nan_ok=True
    )
    assert np.isnan(expected[2])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("n_wanted", [1, 3, 10, N_VIDEOS])
def test_candidates_hold_the_true_best(library: Any, spaces: Any, seed: int, n_wanted: int) -> None:
    modalities = ["frames", "lyrics"] if seed % 2 else ["frames"]
    indexes = [library.index(spaces[m]) for m in modalities]
    asks = [IndexQuery(i, make_queries(i, 1 + seed, seed + at)) for at, i in enumerate(indexes)]
    weights = {"frames": 0.3, "lyrics": 0.7}
    left_out = {"05aa"} if seed % 3 == 0 else set()

    def fuse(similarities: np.ndarray, _: object = None) -> np.ndarray:
        return fuse_weighted(merge_parts(similarities, modalities), weights)[0]

    found = find_candidates(asks, fuse, n_wanted, left_out)
    ids = [f"{at:02d}aa" for at in range(N_VIDEOS) if f"{at:02d}aa" not in left_out]
    truth = fuse(np.array([[brute_force(a.index, a.vectors, v) for v in ids] for a in asks]))
    best = sorted(((-s, v) for s, v in zip(truth, ids, strict=True) if not np.isnan(s)))[:n_wanted]
    scores = dict(zip(found.video_ids, fuse(found.similarities), strict=True))
    assert {v for _, v in best} <= set(scores)
    for score, video_id in best:
        assert scores[video_id] == pytest.approx(-score, abs=1e-5)
    assert not left_out & set(scores)


@pytest.mark.parametrize("seed", range(8))
def test_candidates_hold_the_best_when_every_video_has_a_level_of_its_own(
    library: Any, spaces: Any, seed: int
) -> None:
    modalities = ["frames", "lyrics"]
    indexes = [library.index(spaces[m]) for m in modalities]
    asks = [IndexQuery(i, make_queries(i, 1 + seed, seed + at)) for at, i in enumerate(indexes)]
    ids = [f"{at:02d}aa" for at in range(N_VIDEOS)]
    rng = np.random.default_rng(seed)
    levels = {m: rng.uniform(-0.5, 1.5, N_VIDEOS) for m in modalities}

    def fuse(similarities: np.ndarray, of: np.ndarray) -> np.ndarray:
        surprisals = {
            m: compute_surprisal(row, levels[m][of], 0.1)
            for m, row in zip(modalities, similarities, strict=True)
        }
        return fuse_surprisal(surprisals, {"frames": 0.4, "lyrics": 0.6})[0]

    found = find_candidates(asks, fuse, 3)
    exact = np.array([[brute_force(a.index, a.vectors, v) for v in ids] for a in asks])
    truth = fuse(exact, np.arange(N_VIDEOS))
    best = [ids[at] for at in np.argsort(-truth)[:3]]
    assert set(best) <= set(found.video_ids)


def test_what_words_speak_for_is_scored_whatever_its_similarity(
    library: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = library.index(spaces["frames"])
    monkeypatch.setattr(type(index), "is_scoring_cheaper", lambda *_: False)
    monkeypatch.setattr(mvsearch.search.retrieval.retrieve, "MIN_DOUBTFUL", 0)
    asks = [IndexQuery(index, make_queries(index, 1, 1))]
    alone = find_candidates(asks, lambda s, _: s[0], 1)
    outsider = next(v for v in index.video_ids if v not in alone.video_ids)
    n_segments = len(index.vectors(outsider))
    evidence = {
        outsider: WordEvidence(np.zeros((1, n_segments), dtype=np.float32)),
        "of no library": WordEvidence(np.zeros((1, 1), dtype=np.float32)),
    }
    asks = [replace(asks[0], evidence=evidence)]
    found = find_candidates(asks, lambda s, _: s[0], 1)
    assert set(found.video_ids) == {*alone.video_ids, outsider}
    at = found.video_ids.index(outsider)
    expected = brute_force(index, asks[0].vectors, outsider)
    assert found.similarities[0, at] == pytest.approx(expected, abs=1e-5)
    left_out = find_candidates(asks, lambda s, _: s[0], 1, [outsider])
    assert outsider not in left_out.video_ids


@pytest.mark.parametrize("n_queries", [1, 100])
def test_an_exact_index_is_read_once_and_no_neighbours_are_looked_for(
    library: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch, n_queries: int
) -> None:
    index = library.index(spaces["frames"])
    monkeypatch.setattr(type(index), "search", lambda *_: pytest.fail("neighbours were looked for"))
    read: list[int] = []
    real = mvsearch.store.vectors.exact.best_match.widen
    monkeypatch.setattr(
        mvsearch.store.vectors.exact.best_match,
        "widen",
        lambda rows, out: read.append(len(rows)) or real(rows, out),
    )
    ask = IndexQuery(index, make_queries(index, n_queries, 4))
    read.clear()
    found = find_candidates([ask], lambda s, _: s[0], 2)
    assert sum(read) == index.n
    exact = [brute_force(index, ask.vectors, v) for v in found.video_ids]
    assert found.similarities[0] == pytest.approx(exact, abs=1e-5)


def test_wanting_all_gives_all(library: Any, spaces: Any) -> None:
    index = library.index(spaces["frames"])
    found = find_candidates([IndexQuery(index, make_queries(index, 2, 1))], lambda s, _: s[0], None)
    assert len(found.video_ids) == N_VIDEOS - 1


@pytest.mark.parametrize(("max_product", "block_rows"), [(1 << 24, 4096), (70, 64), (1, 1)])
def test_pairs_are_brute_force_both_ways(
    library: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch, max_product: int, block_rows: int
) -> None:
    monkeypatch.setattr(mvsearch.search.retrieval.set_similarity, "MAX_PRODUCT", max_product)
    monkeypatch.setattr(mvsearch.search.retrieval.blocks.iter_blocks, "__defaults__", (block_rows,))
    index = library.index(spaces["lyrics"])
    ids = [f"{at:02d}aa" for at in (9, 1, 0, 2, 4, 31, 16, 8)]
    expected = np.array(
        [
            [
                (brute_force(index, index.vectors(a), b) + brute_force(index, index.vectors(b), a))
                / 2
                if len(index.vectors(a)) and len(index.vectors(b))
                else np.nan
                for b in ids
            ]
            for a in ids
        ]
    )
    seen: list[tuple[int, int]] = []
    matrix = compare_all(index, ids, lambda done, of: seen.append((done, of)))
    assert matrix == pytest.approx(expected, abs=1e-5, nan_ok=True)
    assert np.isnan(matrix).any()
    assert seen[-1] == (len(ids), len(ids))
    assert compare_one(index, ids[1], ids) == pytest.approx(expected[1], abs=1e-5, nan_ok=True)


def test_an_approximate_index_is_asked_once_and_its_finds_are_scored_exactly(
    library: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = library.index(spaces["frames"])
    monkeypatch.setattr(type(index), "is_scoring_cheaper", lambda *_: False)
    monkeypatch.setattr(mvsearch.search.retrieval.retrieve, "MIN_DOUBTFUL", 3)
    asked: list[int] = []
    real = type(index).search
    monkeypatch.setattr(
        type(index), "search", lambda self, q, k, *rest: asked.append(k) or real(self, q, k, *rest)
    )
    monkeypatch.setattr(mvsearch.search.retrieval.retrieve, "NEIGHBOURS", 1)
    ask = IndexQuery(index, make_queries(index, 12, 9))
    # The one neighbour of each vector rules no video out: none but a few are looked at.
    found = find_candidates([ask], lambda s, _: s[0], 1)
    assert len(asked) == 1
    assert len(found.video_ids) == 2 * 1 + 1 + 2 * 3
    exact = [brute_force(index, ask.vectors, v) for v in found.video_ids]
    assert found.similarities[0] == pytest.approx(exact, abs=1e-5)


def test_what_is_held_of_neighbours_is_bounded_whatever_is_wanted(
    library: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = library.index(spaces["frames"])
    monkeypatch.setattr(type(index), "is_scoring_cheaper", lambda *_: False)
    ask = IndexQuery(index, make_queries(index, 30, 9))
    whole = find_candidates([ask], lambda s, _: s[0], 6)
    held: list[int] = []
    real = type(index).search
    monkeypatch.setattr(
        type(index),
        "search",
        lambda self, q, k, *rest: held.append(len(q) * k) or real(self, q, k, *rest),
    )
    monkeypatch.setattr(mvsearch.search.retrieval.blocks, "MAX_PRODUCT", 1000)
    found = find_candidates([ask], lambda s, _: s[0], 6)
    assert max(held) <= 1000
    assert len(held) > 1
    assert found.video_ids == whole.video_ids
    np.testing.assert_allclose(found.similarities, whole.similarities, atol=1e-6)
