"""Workers that are lost, that differ and that refuse, with a cluster that is made up."""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mvsearch.indexer.distributed import pool
from mvsearch.indexer.distributed.cluster import ClusterError
from mvsearch.indexer.distributed.pool import Lost, Task, Workers
from mvsearch.indexer.distributed.worker import Refused
from mvsearch.store.errors import MvsearchError

OWN = {"version": "1", "spaces": ["a@1"], "sampling": "s", "has_tokens": True}


class FakeErrors:
    """The errors that the pool tells apart."""

    class RayError(Exception): ...

    class RayTaskError(RayError):
        cause = ValueError("it broke")

    class ActorDiedError(RayError): ...


class FakeRay:
    """Answers in the order of the questions, with values or errors."""

    def __init__(self) -> None:
        self.exceptions = FakeErrors
        self.n_asked = itertools.count()

    def wait(self, refs: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        first = min(refs, key=lambda ref: ref[0])
        return [first], [ref for ref in refs if ref is not first]

    def get(self, ref: tuple[int, Callable[[], Any]]) -> Any:
        return ref[1]()


class FakeWorker:
    """A worker whose methods answer what it is told."""

    def __init__(self, ray: FakeRay, node: str, answers: Callable[[str], Any]) -> None:
        self._ray, self._node, self._answers = ray, node, answers
        self.greeting = OWN
        self.greet = self

    def remote(self) -> Any:
        return next(self._ray.n_asked), lambda: {**self.greeting, "node": self._node}

    def work(self, item: str) -> Any:
        return next(self._ray.n_asked), lambda: self._answers(item)


def make_tasks(items: str) -> list[Task]:
    def begin(item: str) -> Callable[[FakeWorker], Iterator[Any]]:
        def steps(worker: FakeWorker) -> Iterator[Any]:
            return (yield worker.work(item))

        return steps

    return [Task(item, begin(item)) for item in items]


class Runs:
    """What workers were asked for; some items kill their worker some times."""

    def __init__(self, deaths: dict[str, int]) -> None:
        self.deaths = deaths
        self.counts: Counter[str] = Counter()

    def answer(self, item: str) -> str:
        self.counts[item] += 1
        if self.deaths.get(item, 0) >= self.counts[item]:
            raise FakeErrors.ActorDiedError
        return item.upper()


def start(answers: Callable[[str], Any], n_workers: int = 2, **changes: Any) -> Workers:
    ray = FakeRay()
    names = itertools.count(1)

    def make() -> FakeWorker:
        worker = FakeWorker(ray, f"10.0.0.{next(names)}", answers)
        worker.greeting = OWN | changes
        return worker

    workers = Workers(ray, make, n_workers, OWN, lambda line: None)
    workers.start(lambda: None, lambda: False)
    return workers


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "GREET_SECONDS", 0.0)


@pytest.mark.parametrize("n_workers", [1, 2, 9])
def test_each_task_is_done_once(n_workers: int) -> None:
    runs = Runs({})
    done = list(start(runs.answer, n_workers).run(make_tasks("abcdef"), lambda: False))
    assert sorted(done) == [(item, item.upper()) for item in "abcdef"]
    assert set(runs.counts.values()) == {1}


def test_a_lost_worker_costs_its_task_alone() -> None:
    runs = Runs({"c": 2})
    done = list(start(runs.answer).run(make_tasks("abcdef"), lambda: False))
    assert sorted(done) == [(item, item.upper()) for item in "abcdef"]
    assert runs.counts == Counter({**dict.fromkeys("abdef", 1), "c": 3})


def test_a_task_is_given_up_after_three_lost_workers() -> None:
    runs = Runs({"b": 99})
    done = dict(start(runs.answer).run(make_tasks("abc"), lambda: False))
    assert isinstance(done.pop("b"), Lost)
    assert done == {"a": "A", "c": "C"}
    assert runs.counts["b"] == 3


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"version": "2"}, "node 10.0.0.1 has mvsearch 2, and this machine 1: install the same"),
        ({"spaces": ["a@2"]}, "node 10.0.0.1 encodes by a@2, and this machine by a@1"),
        ({"sampling": "t"}, "samples frames by t"),
        ({"has_tokens": False}, "asks for no token"),
        ({"refused": "weights are missing"}, "node 10.0.0.1 cannot encode: weights are missing"),
    ],
)
def test_a_node_that_differs_ends_the_run_before_it_begins(changes: dict, line: str) -> None:
    with pytest.raises(ClusterError, match=line):
        start(str, **changes)


def test_an_error_that_is_not_about_a_task_ends_the_run() -> None:
    workers = start(lambda item: Refused("a program is missing"))
    with pytest.raises(MvsearchError, match="a program is missing"):
        list(workers.run(make_tasks("ab"), lambda: False))


def test_a_stop_yields_what_is_done_and_begins_nothing() -> None:
    runs, done = Runs({}), deque[Any]()
    workers = start(runs.answer)
    for one in workers.run(make_tasks("abcdef"), lambda: len(done) >= 2):
        done.append(one)
    assert 2 <= len(done) < 6
    assert sum(runs.counts.values()) == len(done)


@pytest.mark.parametrize("error", [ConnectionError("gone"), FakeErrors.RayError("gone")])
def test_a_lost_cluster_is_one_line(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = start(str)

    def wait(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(FakeRay, "wait", wait)
    with pytest.raises(ClusterError, match=r"the connection to the cluster is lost \(gone\)"):
        list(workers.run(make_tasks("ab"), lambda: False))
