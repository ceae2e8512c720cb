"""How many workers a run has, and what each reserves."""

import pytest

from mvsearch.indexer.distributed.sizes import Sizes, choose_sizes
from mvsearch.store.errors import MvsearchError

ONE, TWO, BIG = {"CPU": 1.0}, {"CPU": 2.0}, {"CPU": 16.0, "GPU": 2.0}


@pytest.mark.parametrize(
    ("nodes", "asked", "sizes"),
    [
        ([ONE, ONE], {}, Sizes(2, 1.0, 0.0)),
        ([TWO], {}, Sizes(1, 2.0, 0.0)),
        ([BIG, TWO], {}, Sizes(9, 2.0, 0.0)),
        # As many as asked for, in less room each.
        ([TWO], {"n_workers": 2}, Sizes(2, 1.0, 0.0)),
        ([ONE], {"n_workers": 4}, Sizes(4, 0.25, 0.0)),
        ([ONE, ONE], {"n_workers": 2}, Sizes(2, 1.0, 0.0)),
        # More than there is room for: they wait for nodes.
        ([ONE], {"n_workers": 3, "cpus": 1.0}, Sizes(3, 1.0, 0.0)),
        # A node without the device, and a head without cores, do not count.
        ([BIG, TWO], {"gpus": 1.0}, Sizes(2, 2.0, 1.0)),
        ([BIG], {"gpus": 0.5}, Sizes(4, 2.0, 0.5)),
        ([{"memory": 1.0}, ONE], {}, Sizes(1, 1.0, 0.0)),
    ],
)
def test_nodes_are_divided(nodes: list[dict[str, float]], asked: dict, sizes: Sizes) -> None:
    assert choose_sizes(nodes, **asked) == sizes


@pytest.mark.parametrize(
    ("nodes", "asked"), [([], {}), ([ONE], {"gpus": 1.0}), ([ONE], {"cpus": 2.0}), ([{}], {})]
)
def test_no_room_is_said(nodes: list[dict[str, float]], asked: dict) -> None:
    with pytest.raises(MvsearchError, match="no node of the cluster has"):
        choose_sizes(nodes, **asked)
