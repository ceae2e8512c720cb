"""The videos of an index, changed step by step, against those that are sorted anew."""

import numpy as np
import pytest

from mvsearch.store.vectors.remote import contents
from mvsearch.store.vectors.remote.contents import Contents


def draw(rng: np.random.Generator, first: int, n: int) -> list[tuple[str, int, int]]:
    """Videos with handles from one on; some have no vectors."""
    names = rng.choice(10_000, n, replace=False)
    return [(f"{name:04x}", first + at, int(rng.integers(0, 4))) for at, name in enumerate(names)]


@pytest.mark.parametrize("max_put_in", [0, 1000])
def test_a_changed_state_is_that_of_all_its_videos(
    max_put_in: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MAX_PUT_IN", max_put_in)
    monkeypatch.setattr(contents, "MAX_BISECTED", 5)
    rng = np.random.default_rng(1)
    held = {name: (name, handle, n) for name, handle, n in draw(rng, 1, 60)}
    state = Contents.make(1, 7, held.values())
    next_handle = 100
    for generation in range(2, 12):
        gone = [held.pop(name) for name in rng.choice(sorted(held), 5, replace=False)]
        added = [one for one in draw(rng, next_handle, 8) if one[0] not in held]
        again = gone[0][0]  # with other vectors
        added = [one for one in added if one[0] != again] + [(again, next_handle + 50, 3)]
        next_handle += 100
        held |= {one[0]: one for one in added}
        handles = {handle for _, handle, _ in [*gone, *added]}
        state = state.change(generation, handles, added)
        fresh = Contents.make(generation, 7, held.values())
        assert (state.generation, state.placement) == (generation, 7)
        assert state.video_ids == fresh.video_ids == tuple(sorted(state.video_ids))
        assert (state.handles == fresh.handles).all()
        assert (state.counts == fresh.counts).all()
        assert (state.empty, state.n_videos) == (fresh.empty, len(held))
        assert state.n == sum(n for _, _, n in held.values())
        asked = [*list(held)[:9], "none"]
        found = [state.position(name) for name in asked]
        assert found == [fresh._places.get(name) for name in asked]
        for some in (asked, asked[-4:]):
            known = [at for at in map(state.position, some) if at is not None]
            assert state.find(some).tolist() == known
        assert state.locate([*state.handles[:3], 99_999]).tolist() == [0, 1, 2, -1]


def test_an_empty_state_holds_nothing() -> None:
    empty = Contents.make(1, 1, [("none", 3, 0)])
    assert (empty.video_ids, empty.n, empty.position("none")) == ((), 0, None)
    assert empty.locate([3]).tolist() == [-1]
    assert empty.change(2, {3}, [("one", 4, 2)]).video_ids == ("one",)
