"""Simulates indexing on many machines: `python -m benchmarks.scale.fleet --songs 100000`.

Workers take the next song when they are free; what they made goes to one writer, which commits one
video after the other. The times are measured elsewhere (the options name the commands' figures), so
the simulation shows only where waiting begins: how long the run takes, how busy the workers are,
and from how many on the writer or the network between them is what everybody waits for.

The lengths of songs vary as given (log-normal); everything is drawn from one seed.
"""

import argparse
import heapq
from dataclasses import dataclass

import numpy as np

SEED = 18
N_CORES = (1, 2, 8, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """The measured costs of one song.

    Attributes:
        core_seconds: of processor time of a worker.
        spread: standard deviation of the logarithm of the times of songs.
        overhead_seconds: of a task, besides its work.
        commit_seconds: of the writer, for one video.
        n_bytes: what a worker sends to the writer.
        n_media_bytes: what a worker reads.
        network_bytes: a second, of the writer's machine.
        storage_bytes: a second, of the folder that all workers share.
        n_waiting: most results that wait for the writer; then workers stand still.
    """

    core_seconds: float = 4.8
    spread: float = 0.5
    overhead_seconds: float = 0.02
    commit_seconds: float = 0.05
    n_bytes: float = 1.5e6
    n_media_bytes: float = 40e6
    network_bytes: float = 1.25e9
    storage_bytes: float = 1.25e9
    n_waiting: int = 64


@dataclass(frozen=True, slots=True)
class FleetRun:
    """A simulated run.

    Attributes:
        seconds: until the last video is committed.
        worker_share: of the time that workers work.
        writer_share: of the time that the writer works.
    """

    seconds: float
    worker_share: float
    writer_share: float


def simulate(n_songs: int, n_cores: int, options: FleetOptions = FleetOptions()) -> FleetRun:
    """Simulate a run of one task for each core at a time."""
    rng = np.random.default_rng(SEED)
    spread = options.spread
    drawn = rng.lognormal(-(spread**2) / 2, spread, n_songs) * options.core_seconds
    # The shared folder is divided among all that read.
    reading = options.n_media_bytes / (options.storage_bytes / n_cores)
    work = np.maximum(drawn, reading) + options.overhead_seconds
    commit = max(options.commit_seconds, options.n_bytes / options.network_bytes)
    waiting = iter(work.tolist())
    running = [next(waiting) for _ in range(min(n_cores, n_songs))]
    heapq.heapify(running)
    writer = 0.0
    while running:
        end = heapq.heappop(running)
        writer = max(writer, end) + commit
        # With so many results waiting, a worker stands still until one of them is committed.
        begin = max(end, writer - options.n_waiting * commit)
        if (following := next(waiting, None)) is not None:
            heapq.heappush(running, begin + following)
    seconds = writer
    return FleetRun(seconds, float(work.sum()) / (seconds * n_cores), commit * n_songs / seconds)


def main() -> None:
    """Print one line for each size of the fleet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--songs", type=int, default=100_000)
    for name, value in FleetOptions.__dataclass_fields__.items():
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, type=type(value.default), default=value.default)
    given = vars(parser.parse_args())
    n_songs = given.pop("songs")
    options = FleetOptions(**given)
    print(f"{n_songs:,} songs, simulated\n")
    print("| cores | hours | workers busy | writer busy | songs an hour |")
    print("|---:|---:|---:|---:|---:|")
    for n_cores in N_CORES:
        run = simulate(n_songs, n_cores, options)
        hours = run.seconds / 3600
        print(
            f"| {n_cores:,} | {hours:,.1f} | {run.worker_share:.0%} | {run.writer_share:.0%}"
            f" | {n_songs / hours:,.0f} |"
        )


if __name__ == "__main__":
    main()
