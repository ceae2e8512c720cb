"""Candidates: true pairs among them, few others, the same every time."""

from itertools import combinations

import numpy as np
import pytest

from mvsearch.search.versions.candidates import (
    KEPT_PER_PARTNER,
    CandidateOptions,
    Votes,
    _count_leading,
    _encode,
    find_candidates,
)
from mvsearch.store.records import Space
from mvsearch.store.vectors.exact.row_index import RowIndex
from tests.store.examples import make_index

SPACE = Space("audio", "planted", "1", 48)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def build(contents: list[np.ndarray]) -> RowIndex:
    return make_index(SPACE, {f"{at:04d}": one for at, one in enumerate(contents)})


def plant(n: int, n_copied: int, seed: int) -> tuple[list[np.ndarray], set[tuple[str, str]]]:
    """Videos that drift, of which the first have a part of theirs in the last."""
    rng = np.random.default_rng(seed)
    contents = [unit(np.cumsum(rng.normal(size=(40, 48)), axis=0)) for _ in range(n)]
    pairs = set()
    for at in range(n_copied):
        noise = 0.6 * rng.normal(size=(25, 48)) / np.sqrt(48)
        contents[n - 1 - at][:25] = unit(contents[at][8:33] + noise)
        pairs.add((f"{at:04d}", f"{n - 1 - at:04d}"))
    return contents, pairs


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_planted_pairs_are_candidates(seed: int) -> None:
    contents, pairs = plant(120, 30, seed)
    found = find_candidates(build(contents), CandidateOptions(max_partners=6))
    assert pairs <= set(found)
    assert len(found) <= 120 * 6
    assert found == sorted(set(found))


def test_the_number_of_candidates_grows_with_the_videos_not_with_their_pairs() -> None:
    numbers = [
        len(find_candidates(build(plant(n, 4, 5)[0]), CandidateOptions(max_partners=5)))
        for n in (100, 200, 400)
    ]
    assert numbers[1] <= 200 * 5
    assert numbers[2] <= 400 * 5


def test_the_same_seed_gives_the_same_pairs() -> None:
    index = build(plant(40, 10, 6)[0])
    assert find_candidates(index) == find_candidates(index)


def test_many_equal_pictures_do_not_hide_each_other() -> None:
    still = unit(np.random.default_rng(7).normal(size=(1, 48)))
    contents = [np.repeat(still, 30, axis=0) for _ in range(12)]
    rest, _ = plant(40, 0, 8)
    found = find_candidates(build(contents + rest))
    among = {(a, b) for a, b in found if int(a) < 12 and int(b) < 12}
    assert len(among) >= 12 * 8 / 2


def test_partners_are_chosen_among_the_videos_that_may_be_found() -> None:
    """Two of many copies find each other, however many better partners each has elsewhere."""
    rng = np.random.default_rng(7)
    still = unit(rng.normal(size=(1, 48)))
    copies = [unit(still + 0.02 * rng.normal(size=(30, 48))) for _ in range(30)]
    index = build(copies + plant(20, 0, 8)[0])
    options = CandidateOptions(max_partners=1)
    everywhere = find_candidates(index, options)
    pair = next(
        p for p in combinations([f"{at:04d}" for at in range(30)], 2) if p not in everywhere
    )
    within = {*pair, "0035", "0036", "of no library"}
    found = find_candidates(index, options, within)
    assert pair in found
    assert {one for both in found for one in both} <= within
    assert find_candidates(index, options, index.video_ids) == find_candidates(index, options)
    assert find_candidates(index, options, ()) == []


def test_leading_bits_are_those_of_plain_integers() -> None:
    rng = np.random.default_rng(9)
    one, other = rng.integers(0, 2**63, size=(2, 200), dtype=np.uint64)
    other[:100] = one[:100] ^ (np.uint64(1) << rng.integers(0, 40, 100, dtype=np.uint64))
    other[-1] = one[-1]
    counted = _count_leading(one ^ other)
    for bits, a, b in zip(counted.tolist(), one.tolist(), other.tolist(), strict=True):
        assert bits == 64 - (a ^ b).bit_length()


def test_the_first_plane_is_the_first_bit() -> None:
    planes = np.random.default_rng(10).normal(size=(48, 64)).astype(np.float32)
    vectors = np.random.default_rng(11).normal(size=(20, 48)).astype(np.float32)
    bits = [f"{code:064b}" for code in _encode(vectors, planes)[:, 0].tolist()]
    for row, vector in zip(bits, vectors, strict=True):
        assert [letter == "1" for letter in row] == [float(vector @ p) > 0 for p in planes.T]


def test_an_empty_space_and_a_single_video_have_no_candidates() -> None:
    assert find_candidates(build([])) == []
    assert find_candidates(build(plant(1, 0, 1)[0])) == []


def test_two_videos_are_candidates_of_each_other() -> None:
    contents, _ = plant(2, 1, 12)
    assert find_candidates(build(contents)) == [("0000", "0001")]


def test_votes_of_a_pair_add_up_whichever_comes_first() -> None:
    rng = np.random.default_rng(13)
    expected: dict[tuple[int, int], float] = {}
    votes = Votes(20)
    for _ in range(4):
        pairs = rng.integers(0, 20, (60, 2))
        given = rng.integers(0, 5, 60).astype(np.float64)
        votes = votes.add(pairs, given)
        for (one, other), more in zip(pairs.tolist(), given.tolist(), strict=True):
            key = (min(one, other), max(one, other))
            expected[key] = expected.get(key, 0.0) + more
    found = {tuple(p): s for p, s in zip(votes.pairs.tolist(), votes.sums.tolist(), strict=True)}
    assert found == {key: total for key, total in expected.items() if total > 0}


def test_each_video_keeps_its_best_partners() -> None:
    rng = np.random.default_rng(14)
    pairs = np.array([(a, b) for a in range(15) for b in range(a + 1, 15)])
    given = rng.integers(1, 6, len(pairs)).astype(np.float64)
    kept = {tuple(pair) for pair in Votes(15).add(pairs, given).keep_best(3).pairs.tolist()}
    expected = set()
    for own in range(15):
        ranked = sorted(
            (-total, a + b - own)
            for (a, b), total in zip(pairs.tolist(), given.tolist(), strict=True)
            if own in (a, b)
        )
        expected |= {tuple(sorted((own, other))) for _, other in ranked[:3]}
    assert kept == expected


def test_no_more_pairs_are_held_than_each_video_may_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Videos of a few looks, each of which has something in common with most others."""
    rng = np.random.default_rng(15)
    looks = rng.normal(size=(3, 48))
    contents = [unit(looks[at % 3] + 0.7 * rng.normal(size=(30, 48))) for at in range(150)]
    held: list[int] = []
    real = Votes.keep_best

    def keep(self: Votes, n_partners: int) -> Votes:
        kept = real(self, n_partners)
        held.append(len(kept.keys))
        return kept

    monkeypatch.setattr(Votes, "keep_best", keep)
    options = CandidateOptions(max_partners=2)
    find_candidates(build(contents), options)
    assert len(held) == options.n_tables + 1
    assert max(held) <= 150 * KEPT_PER_PARTNER * 2
    assert held[-1] <= 150 * 2
