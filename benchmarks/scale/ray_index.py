"""Compares two Ray nodes of one core with one: `python -m benchmarks.scale.ray_index`.

Both nodes are processes of this machine, each pinned to a core of its own, and runs with one and
with two workers take turns on the same cluster. Then the cost of a task that does nothing is
measured. Needs two cores, `taskset`, and an address of this machine besides 127.0.0.1.
"""

import argparse
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from mvsearch.indexer.distributed.address import ClusterAddress
from mvsearch.indexer.distributed.cluster import connecting
from mvsearch.indexer.distributed.pool import Steps, Task, Workers
from mvsearch.indexer.distributed.ray_executor import RayExecutor, RayOptions
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.store.library import Library

OWN: dict[str, Any] = {"version": None, "spaces": [], "sampling": "", "has_tokens": False}
RESULT_BYTES = 2 * 2**20


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30.0, help="of a video")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--profile", default="embedded")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, two_nodes(Path(folder)) as address:
        videos = make_videos(Path(folder) / "videos", asked.videos, asked.seconds)
        before = count_processor_seconds()
        found = [
            measure_round(n, videos, Path(folder), address, asked.profile)
            for n in range(asked.rounds)
        ]
        own = count_processor_seconds() - before
        ratios = [one / two for one, two in found]
        told: dict[str, Any] = {
            "seconds": [[round(value, 2) for value in pair] for pair in found],
            "ratios": [round(ratio, 2) for ratio in ratios],
            "ratio": round(median(ratios), 2),
            "processor seconds of the run itself, a video": round(
                own / asked.rounds / 2 / asked.videos, 3
            ),
            "load": os.getloadavg(),
        }
        for name, n_bytes in (("empty", 0), ("2 MB", RESULT_BYTES)):
            told[f"ms a task, {name}"] = round(measure_tasks(address, asked.tasks, n_bytes), 2)
    print(json.dumps(told))


def count_processor_seconds() -> float:
    """Of this process, and of the programs that it has run."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


@contextmanager
def two_nodes(folder: Path) -> Iterator[ClusterAddress]:
    """Two nodes of this machine, each pinned to a core."""
    host = find_host()
    port, client_port = find_port(), find_port()
    environment = os.environ | {
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "RAY_TMPDIR": tempfile.mkdtemp(prefix="mvray", dir="/tmp"),
    }
    os.environ["RAY_AUTH_TOKEN_PATH"] = environment["RAY_AUTH_TOKEN_PATH"]
    begin = ["workers", "start", "--host", host, "--cpus", "1"]
    ports = ["--port", str(port), "--client-port", str(client_port)]
    cores = sorted(os.sched_getaffinity(0))[:2]
    nodes = [start_node([*begin, "--head", *ports], cores[0], folder / "0.log", environment)]
    try:
        wait_for(host, client_port)
        join = ["--join", f"{host}:{port}"]
        nodes.append(start_node([*begin, *join], cores[1], folder / "1.log", environment))
        address = ClusterAddress(host, client_port)
        wait_for_nodes(address, 2)
        yield address
    finally:
        for node in reversed(nodes):
            node.send_signal(signal.SIGTERM)
            node.wait()
        shutil.rmtree(environment["RAY_TMPDIR"], ignore_errors=True)


def find_host() -> str:
    """An address of this machine that other machines could use."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])


def find_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def start_node(
    words: list[str], core: int, log: Path, environment: dict[str, str]
) -> "subprocess.Popen[bytes]":
    """Start a node on a core."""
    command = ["taskset", "-c", str(core), sys.executable, "-m", "mvsearch.cli", *words]
    with log.open("wb") as out:
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )


def wait_for(host: str, port: int) -> None:
    """Wait until something listens."""
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.3)
        else:
            return


def wait_for_nodes(address: ClusterAddress, n: int) -> None:
    """Wait until the cluster has some nodes."""
    with connecting(address) as ray:
        while sum(node["Alive"] for node in ray.nodes()) < n:
            time.sleep(0.3)


def make_videos(folder: Path, n: int, seconds: float) -> Path:
    """Make videos of one length, all different."""
    folder.mkdir()
    for number in range(n):
        command = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i"]
        command += [f"mandelbrot=s=640x360:r=25:start_scale={3 - number / 10}", "-f", "lavfi", "-i"]
        command += [f"sine=f={200 + 20 * number}", "-t", str(seconds), "-pix_fmt", "yuv420p"]
        command += ["-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"]
        subprocess.run([*command, str(folder / f"{number}.mp4")], check=True)
    return folder


@dataclass
class Clock(Silence):
    """Measures the stage "analyse", from its beginning to its last video."""

    began: float = 0.0
    ended: float = 0.0
    done: list[float] = field(default_factory=list)

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Begin to measure."""
        if stage == "analyse":
            self.began = time.perf_counter()

    def advance(self, stage: str) -> None:
        """Note the end of a video, which is written by then."""
        if stage == "analyse":
            self.ended = time.perf_counter()


def measure_round(
    number: int, videos: Path, folder: Path, address: ClusterAddress, profile: str
) -> tuple[float, float]:
    """The seconds with one worker and with two; which is first changes with each round."""
    taken = {}
    for n_workers in (1, 2) if number % 2 == 0 else (2, 1):
        place, clock = folder / f"library {number} {n_workers}", Clock()
        executor = RayExecutor(address, RayOptions(n_workers, 1.0))
        options = IndexOptions(lyrics="sidecar", executor=executor)
        with Library.open(place, create=True) as library:
            index_paths([videos], library, Encoders(profile), options, progress=clock)
            assert library.catalog.n_videos() == len(list(videos.iterdir()))
        executor.close()
        taken[n_workers] = clock.ended - clock.began
    return taken[1], taken[2]


class Idle:
    """A worker that does nothing."""

    def greet(self) -> dict[str, Any]:
        """See `Worker.greet`."""
        return OWN | {"node": "here"}

    def work(self, n_bytes: int) -> bytes:
        """Return some bytes."""
        return bytes(n_bytes)


def measure_tasks(address: ClusterAddress, n_tasks: int, n_bytes: int) -> float:
    """Milliseconds of a task on two workers that do nothing, as the run's loop sees it."""

    def begin(worker: Any) -> Steps:
        return (yield worker.work.remote(n_bytes))

    with connecting(address) as ray:
        kind = ray.remote(num_cpus=1)(Idle)
        workers = Workers(ray, partial(kind.remote), 2, OWN, print)
        workers.start(lambda: None, lambda: False)
        began = time.perf_counter()
        done = sum(1 for _ in workers.run([Task(n, begin) for n in range(n_tasks)], lambda: False))
        assert done == n_tasks
        return (time.perf_counter() - began) / n_tasks * 1000


if __name__ == "__main__":
    main()
