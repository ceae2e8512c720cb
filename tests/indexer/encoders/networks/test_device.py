import os
from types import SimpleNamespace

import pytest

from mvsearch.indexer.encoders.networks import device
from mvsearch.indexer.encoders.networks.device import choose_device, count_threads
from mvsearch.store.errors import MvsearchError


def test_threads_are_as_many_as_cores_unless_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MVSEARCH_THREADS")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert count_threads() == 3
    monkeypatch.setenv("MVSEARCH_THREADS", "7")
    assert count_threads() == 7


@pytest.mark.parametrize("wish", ["0", "-1", "many", ""])
def test_no_number_of_threads_is_told(wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_THREADS", wish)
    with pytest.raises(MvsearchError, match="MVSEARCH_THREADS"):
        count_threads()


@pytest.mark.parametrize(
    ("wish", "has_driver", "has_cuda", "expected"),
    [
        ("auto", False, True, "cpu"),
        ("auto", True, False, "cpu"),
        ("auto", True, True, "cuda"),
        ("cpu", True, True, "cpu"),
        ("cuda", True, True, "cuda"),
    ],
)
def test_cuda_is_taken_where_it_works(
    wish: str, has_driver: bool, has_cuda: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: has_cuda))
    monkeypatch.setitem(__import__("sys").modules, "torch", torch)
    monkeypatch.setattr(device, "has_driver", lambda: has_driver)
    monkeypatch.setenv("MVSEARCH_DEVICE", wish)
    assert choose_device() == expected


def test_a_wish_that_cannot_be_met_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "has_driver", lambda: False)
    monkeypatch.setenv("MVSEARCH_DEVICE", "cuda")
    with pytest.raises(MvsearchError, match="no CUDA device"):
        choose_device()
    monkeypatch.setenv("MVSEARCH_DEVICE", "tpu")
    with pytest.raises(MvsearchError, match="auto, cpu or cuda"):
        choose_device()


def test_without_torch_there_is_no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    monkeypatch.setattr(device, "has_driver", lambda: True)
    monkeypatch.setenv("MVSEARCH_DEVICE", "auto")
    assert choose_device() == "cpu"
