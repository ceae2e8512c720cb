"""The workers of a run: which there are, what each does, and what is done again after a loss."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from mvsearch.indexer.distributed.cluster import ClusterError
from mvsearch.indexer.distributed.recipe import explain_difference
from mvsearch.indexer.distributed.worker import Refused
from mvsearch.store.errors import MvsearchError

# A video whose worker dies so often is given up.
MAX_LOSSES = 3
POLL_SECONDS = 0.5
# How long a run waits for its workers at the start, after the first one; and with none at all.
START_SECONDS = 60.0
ALONE_SECONDS = 120.0
# How soon a worker that starts again is asked again.
GREET_SECONDS = 0.5

# Asks a worker for something, again and again, and returns a result.
Steps: TypeAlias = Generator[Any, Any, Any]


@dataclass(slots=True, eq=False)
class Task:
    """A piece of work.

    Attributes:
        item: what it is about.
        begin: begins its steps on a worker.
        n_losses: how often its worker was lost.
    """

    item: Any
    begin: Callable[[Any], Steps]
    n_losses: int = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """The result of a task whose worker was lost `MAX_LOSSES` times.

    Attributes:
        node: the last one.
    """

    node: str


@dataclass(slots=True, eq=False)
class Seat:
    """A worker and what it does.

    Attributes:
        actor: of Ray.
        waits_for: the reference of what it was asked for; None while it is idle.
        node: its address, once it has told.
        task, steps: what it works on; None while it starts or is idle.
        is_ready: whether it fits this machine, and may have tasks.
        greets_at: when a lost one is asked again, by the monotonic clock.
    """

    actor: Any
    waits_for: Any = None
    node: str = ""
    task: Task | None = None
    steps: Steps | None = None
    is_ready: bool = False
    greets_at: float = 0.0


class Workers:
    """The workers of a run.

    Args:
        ray: the module, connected.
        make_actor: starts a worker.
        n_workers: how many; those that the cluster has no room for wait until it has.
        own: what `describe` says of this machine.
        note: shows a line.
    """

    def __init__(
        self,
        ray: Any,
        make_actor: Callable[[], Any],
        n_workers: int,
        own: dict[str, Any],
        note: Callable[[str], None],
    ) -> None:
        self._ray = ray
        self._own = own
        self._note = note
        self._seats = [Seat(make_actor()) for _ in range(n_workers)]
        self._alone_since = time.monotonic()

    @property
    def n_workers(self) -> int:
        """The number of workers, also of those that wait for room."""
        return len(self._seats)

    def start(self, on_ready: Callable[[], None], is_stopped: Callable[[], bool]) -> None:
        """Wait for the workers, and compare each with this machine.

        Raises:
            ClusterError: a node has another version or other encoders, or no worker starts.
        """
        for seat in self._seats:
            self._greet(seat)
        first: float | None = None
        while not is_stopped() and (waiting := [one for one in self._seats if not one.is_ready]):
            if first is not None and time.monotonic() - first > START_SECONDS:
                n = len(waiting)
                self._note(f"{n} of {len(self._seats)} workers wait for room in the cluster")
                return
            for seat in self._find_done():
                if (problem := self._welcome(seat)) is not None:
                    raise ClusterError(problem)
                if seat.is_ready:
                    on_ready()
                    first = first or time.monotonic()
            self._check_alone()

    def run(
        self, tasks: Iterable[Task], is_stopped: Callable[[], bool]
    ) -> Iterator[tuple[Any, Any]]:
        """Do tasks, one at a time in each worker; yield items with results as they are done.

        A task whose worker is lost is done again by another one. Once stopped, or at Ctrl-C, no
        task is begun, what is done is yielded, and the rest is given up.

        Raises:
            ClusterError: the cluster is gone.
            MvsearchError: an error that is not about one task.
        """
        left = deque(tasks)
        with explaining_loss(self._ray):
            try:
                while not is_stopped():
                    yield from self._hand_out(left)
                    if not left and all(seat.task is None for seat in self._seats):
                        return
                    for seat in self._find_done():
                        yield from self._go_on(seat, left)
                    self._check_alone()
            except KeyboardInterrupt:
                yield from self._take_done(left)
                raise
            yield from self._take_done(left)

    def _take_done(self, left: deque[Task]) -> Iterator[tuple[Any, Any]]:
        """Yield what is done by now."""
        for seat in self._find_done(0):
            if seat.task is not None:
                yield from self._go_on(seat, left)

    def _hand_out(self, left: deque[Task]) -> Iterator[tuple[Any, Any]]:
        """Begin a task on each idle worker; yield results that need no worker."""
        for seat in self._seats:
            while left and seat.is_ready and seat.task is None:
                seat.task = left.popleft()
                seat.steps = seat.task.begin(seat.actor)
                yield from self._advance(seat, None)

    def _advance(self, seat: Seat, value: Any) -> list[tuple[Any, Any]]:
        """Send a value into the steps of a worker's task; its result, if that was the last."""
        assert seat.task is not None
        assert seat.steps is not None
        try:
            seat.waits_for = seat.steps.send(value)
        except StopIteration as end:
            item, seat.task, seat.steps, seat.waits_for = seat.task.item, None, None, None
            return [(item, end.value)]
        return []

    def _go_on(self, seat: Seat, left: deque[Task]) -> list[tuple[Any, Any]]:
        """Take what a worker has done."""
        if seat.task is None:
            if (problem := self._welcome(seat)) is not None:
                self._note(f"A worker is left out: {problem}")
                self._seats.remove(seat)
            return []
        value = self._fetch(seat)
        if isinstance(value, Refused):
            raise MvsearchError(f"on node {seat.node}: {value.message}")
        if not isinstance(value, Lost):
            return self._advance(seat, value)
        task, seat.task, seat.steps, seat.is_ready = seat.task, None, None, False
        self._greet(seat)
        task.n_losses += 1
        if task.n_losses >= MAX_LOSSES:
            return [(task.item, value)]
        left.appendleft(task)
        return []

    def _greet(self, seat: Seat) -> None:
        """Ask a worker that starts, or starts again, what it is."""
        seat.greets_at = time.monotonic() + GREET_SECONDS
        seat.waits_for = seat.actor.greet.remote()

    def _welcome(self, seat: Seat) -> str | None:
        """Take what a worker says of itself: a line if it does not fit."""
        told = self._fetch(seat)
        if isinstance(told, Lost):
            seat.waits_for = None  # Ray says so at once while a worker starts again
            return None
        seat.node, seat.waits_for = told["node"], None
        if "refused" in told:
            return f"node {seat.node} cannot encode: {told['refused']}"
        if (problem := explain_difference(seat.node, self._own, told)) is None:
            seat.is_ready = True
        return problem

    def _fetch(self, seat: Seat) -> Any:
        """The value of what a worker was asked for; `Lost` if the worker, or its node, is gone.

        Raises:
            ClusterError: the worker cannot start.
        """
        errors = self._ray.exceptions
        try:
            return self._ray.get(seat.waits_for)
        except errors.RayTaskError as error:
            said = f"{type(error.cause).__name__}: {error.cause}".splitlines()[0]
            raise ClusterError(f"a worker on node {seat.node} failed ({said})") from None
        except errors.ActorDiedError as error:
            if "creation task" in str(error):
                last = str(error).strip().splitlines()[-1].strip()
                raise ClusterError(
                    f"a worker cannot start ({last[:200]}): install the same mvsearch on all nodes"
                ) from None
            return Lost(seat.node)
        except errors.RayError:
            return Lost(seat.node)

    def _find_done(self, timeout_seconds: float = POLL_SECONDS) -> list[Seat]:
        """The workers that have done what they were asked for."""
        for seat in self._seats:
            if seat.waits_for is None and not seat.is_ready and seat.greets_at < time.monotonic():
                self._greet(seat)
        waiting = {one.waits_for: one for one in self._seats if one.waits_for is not None}
        if not waiting:
            time.sleep(min(timeout_seconds, GREET_SECONDS))
            return []
        # With a timeout, as a stop is noticed between two waits only.
        done, _ = self._ray.wait(list(waiting), timeout=timeout_seconds)
        return [waiting[ref] for ref in done]

    def _check_alone(self) -> None:
        """Raise ClusterError after a while without any worker."""
        if any(seat.is_ready for seat in self._seats):
            self._alone_since = time.monotonic()
        elif time.monotonic() - self._alone_since > ALONE_SECONDS:
            raise ClusterError(
                f"no worker has started for {ALONE_SECONDS:.0f} s: the cluster has no room, or its"
                f" nodes are gone; {_KEPT}"
            )


@contextmanager
def explaining_loss(ray: Any) -> Iterator[None]:
    """Turn what Ray raises without its head into one line.

    Raises:
        ClusterError: the cluster is gone.
    """
    try:
        yield
    except (ConnectionError, ray.exceptions.RayError) as error:
        said = " ".join(str(error).split())[:200]
        raise ClusterError(f"the connection to the cluster is lost ({said}); {_KEPT}") from None


_KEPT = "what was done is kept, and the same command goes on"
