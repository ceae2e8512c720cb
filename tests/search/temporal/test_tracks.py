"""The evidence of clips, lines and stills over time, against loops over cells and segments."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mvsearch.search.query.encode import EncodedPart
from mvsearch.search.query.query import QueryPart, Section
from mvsearch.search.retrieval.retrieve import IndexQuery
from mvsearch.search.temporal.grid import Grid, make_grid
from mvsearch.search.temporal.leaves import ComparedLeaf
from mvsearch.search.temporal.tracks import NOTHING, Source
from mvsearch.store.records import Modality, Space
from mvsearch.store.vectors.index import Spans

SPACE = Space("frames", "toy", "1", 8)
SECONDS = 30
GRID = Grid(2 * SECONDS + 2, 0.5)


@dataclass(frozen=True, eq=False)
class OneVideo:
    """An index of one video, "a"; "b" has no vectors."""

    held: np.ndarray
    times: Spans
    is_remote: bool = False

    def count(self, video_id: str) -> int:
        return len(self.held) if video_id == "a" else 0

    def vectors(self, video_id: str) -> np.ndarray:
        return self.held

    def spans(self, video_id: str) -> Spans:
        return self.times

    def score_sets(self, queries: np.ndarray, video_ids: Any) -> np.ndarray:
        best = (queries @ self.held.T).max(axis=1).mean()
        return np.array([best if video_id == "a" else np.nan for video_id in video_ids])


def draw(n: int, seed: int, dim: int = 8) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def make_index(is_timed: bool = True) -> Any:
    starts = np.arange(0.0, SECONDS, 2.0) if is_timed else np.full(SECONDS // 2, np.nan)
    return OneVideo(draw(len(starts), 1), Spans(starts, starts + 2.0))


def make_source(index: Any, vectors: np.ndarray, times: Any, duration: float | None) -> Source:
    kind = "image" if duration is None else "clip"
    part = EncodedPart(QueryPart(kind, "x"), SPACE, vectors, np.array(times, float), duration)
    query = IndexQuery(index, vectors)
    return Source(part, query, np.array([0.1, 0.1]), 0.1, np.zeros(2, bool))


def test_a_clip_lies_where_each_of_its_pictures_has_its_like_at_its_time() -> None:
    index, times = make_index(), [0.0, 2.5, 4.0]
    source = make_source(index, draw(3, 2), times, 6.0)
    found = source._compare_pattern("a", GRID)
    similarities = source.query.vectors @ index.held.T
    for cell in range(GRID.n_cells):
        best = []
        for row, at in zip(similarities, times, strict=True):
            middle = cell + round(at / 0.5)
            here = [
                value
                for value, start in zip(row, index.times.starts, strict=True)
                for of_segment in range(round(start / 0.5), round(start / 0.5) + 4)
                if abs(of_segment - middle) <= 2  # a second
            ]
            best.append(max(here, default=NOTHING))
        assert found[cell] == pytest.approx(np.mean(best), abs=1e-6)


@pytest.mark.parametrize(
    ("n", "times", "duration"),
    [(1, [np.nan], None), (3, [0.0, 2.5, 4.0], 6.0), (4, [np.nan] * 4, None)],
)
@pytest.mark.parametrize("is_timed", [True, False])
def test_no_moment_has_more_evidence_than_the_bound(n, times, duration, is_timed) -> None:
    for seed in range(20):
        source = make_source(make_index(is_timed), draw(n, seed), times, duration)
        ids, positions = ["a", "b"], np.array([0, 1])
        table = SimpleNamespace(pick=np.array(ids).__getitem__)
        track = source.track(ids, positions, GRID)
        assert track.is_held.tolist() == [True, False]
        bound = source.bound(table, positions)
        assert track.during[0].max() <= bound[0] + 1e-6
        assert track.begins[0].max() <= track.during[0].max() + 1e-9
        assert np.isnan(bound[1])


def test_a_still_is_there_as_long_as_its_segment() -> None:
    index = make_index()
    source = make_source(index, index.held[3:4], [np.nan], None)
    track = source.track(["a"], np.array([0]), GRID)
    cells = np.flatnonzero(track.during[0] == track.during[0].max())
    assert cells.tolist() == [12, 13, 14, 15]  # from 6 to 8 seconds
    assert (track.begins[0].argmax(), track.lengths[0, 12]) == (12, 4)
    assert source.find_segment("a", 13, GRID) == (3, pytest.approx(1.0, abs=1e-6))


def test_a_section_takes_its_time_and_words_a_while() -> None:
    still = make_source(make_index(), draw(2, 3), [np.nan, np.nan], None).part
    for part, lines, seconds in (
        (QueryPart("like", "x", Section(3.0, 7.5)), (), 4.5),
        (QueryPart("like", "x"), (), 10.0),
        (QueryPart("lyric", "x"), ("a", "b", "c"), 15.0),
    ):
        own = EncodedPart(part, SPACE, still.vectors, still.times, lines=lines)
        source = Source(
            own, IndexQuery(make_index(), own.vectors), np.zeros(1), 0.1, np.zeros(1, bool)
        )
        assert source.duration_seconds == seconds


def leaf_of(shares: dict[Modality, float], limit: float = 3.0) -> ComparedLeaf:
    return ComparedLeaf({}, shares, 2.0, limit)


def test_modalities_are_joined_by_the_harmonic_mean_of_their_p_values() -> None:
    leaf = leaf_of({"frames": 0.25, "lyrics": 0.75})
    p_values = {"frames": 0.001, "lyrics": 0.2}
    mean = 1 / (0.25 / 0.001 + 0.75 / 0.2)
    joined = leaf.join({m: np.array([-np.log10(p)]) for m, p in p_values.items()})
    assert joined[0] == pytest.approx(-np.log10(mean))
    # What is missing is as the median of unrelated videos: half of them have as much.
    missing = leaf.join({"frames": np.array([3.0]), "lyrics": np.array([np.nan])})
    assert missing[0] == pytest.approx(-np.log10(1 / (0.25 / 0.001 + 0.75 / 0.5)))


def test_evidence_beyond_certainty_counts_no_more() -> None:
    found = leaf_of({"frames": 1.0}).weigh(np.array([0.0, 1.0, 3.0, 6.0, 100.0]))
    assert found == pytest.approx(2 * np.array([0.0, 0.996, 2.699, 3.0, 3.0]), abs=2e-3)


def test_a_long_video_has_longer_cells() -> None:
    assert make_grid(200.0) == Grid(402, 0.5)
    half_a_day = make_grid(43_200.0)
    assert half_a_day.n_cells <= 20_003
    assert half_a_day.place(np.array([43_200.0]))[0] < half_a_day.n_cells
