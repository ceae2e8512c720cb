"""Decides how many workers a run has, and what each reserves of its node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mvsearch.store.errors import MvsearchError

# A video at a time hardly uses more: its decoder, and the encoders of pictures and sound.
CORES_A_WORKER = 2.0
MAX_WORKERS = 10_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """The workers of a run.

    Attributes:
        n_workers: in all nodes.
        cpus, gpus: that each reserves; fractions share a core or a device.
    """

    n_workers: int
    cpus: float
    gpus: float

    @property
    def n_threads(self) -> int:
        """The threads of a worker's networks."""
        return max(1, int(self.cpus))


def choose_sizes(
    nodes: Sequence[Mapping[str, float]],
    n_workers: int | None = None,
    cpus: float | None = None,
    gpus: float = 0.0,
) -> Sizes:
    """Divide nodes among workers.

    Args:
        nodes: the resources of each node that is alive, by Ray's names.
        n_workers: in all; None for as many as fit.
        cpus: that each reserves; None for `CORES_A_WORKER`, or less where there are more workers.
        gpus: likewise; 0 where they compute on processors.

    Raises:
        MvsearchError: no node has room for one worker.
    """
    usable = [one for one in nodes if one.get("CPU", 0) > 0 and one.get("GPU", 0) >= gpus]
    if not usable:
        what = "processors" if gpus == 0 else f"{gpus:g} GPUs for a worker"
        raise MvsearchError(f"no node of the cluster has {what}")
    least = min(one["CPU"] for one in usable)
    if cpus is None:
        each = least / -(-(n_workers or 1) // len(usable))
        cpus = min(CORES_A_WORKER, each if each < 1 else float(int(each)))
    fitting = sum(_count(one, cpus, gpus) for one in usable)
    if n_workers is None and fitting == 0:
        raise MvsearchError(f"no node of the cluster has {cpus:g} processors for a worker")
    return Sizes(min(n_workers or fitting, MAX_WORKERS), cpus, gpus)


def _count(node: Mapping[str, float], cpus: float, gpus: float) -> int:
    """How many workers a node has room for."""
    by_cpus = int(node["CPU"] / cpus) if cpus else MAX_WORKERS
    return min(by_cpus, int(node.get("GPU", 0) / gpus) if gpus else by_cpus)
