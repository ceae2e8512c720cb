"""Compares three servers over one PostgreSQL with one: `python -m benchmarks.scale.serving`.

A library of generated clips is asked for words, each time for others, by so many clients
at once, in turns: all ask one process, or each asks another one of three. Then the same while an
index run writes. Printed are requests a second, and the median and 95th percentile of the time of
an answer. Clients, servers and PostgreSQL share the processors of this machine.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import numpy as np

import mvsearch
from benchmarks.scale.copying import serve as serve_database
from benchmarks.scale.ray_index import make_videos

N_SERVERS = 3
WORDS = ("a crowd at night", "sea and sand", "drums on a stage", "red umbrella", "blue circles")


def main() -> None:
    """Measure, and print a line of JSON for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", help="of an empty database")
    parser.add_argument("--videos", type=int, default=12)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=10.0, help="of a turn")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, serve_database(given.address) as address:
        folder, more = (
            make_videos(Path(place) / name, n, 4.0)
            for name, n in (("videos", given.videos), ("more", 1))
        )
        with mvsearch.open(address, profile="embedded") as library:
            library.index(folder, lyrics="off")
        with ExitStack() as stack:
            servers = [stack.enter_context(start_server(address)) for _ in range(N_SERVERS)]
            ways = {"one server": servers[:1], "three servers": servers}
            for server in servers:
                ask([server], 1, 1.0)  # loads its networks
            told = {"cores": os.cpu_count(), "clients": given.clients, "videos": given.videos}
            print(json.dumps(told | {"load": round(os.getloadavg()[0], 1)}))
            for beside in ("nothing", "an index run"):
                with indexing(address, more, is_wanted=beside != "nothing"):
                    measure(ways, beside, given)


def measure(ways: Mapping[str, Sequence[str]], beside: str, given: argparse.Namespace) -> None:
    """Ask in turns, and print what each way needed."""
    spent: dict[str, list[list[float]]] = {way: [] for way in ways}
    for _ in range(given.rounds):
        for way, servers in ways.items():
            spent[way].append(ask(servers, given.clients, given.seconds))
    for way, rounds in spent.items():
        rates = [len(one) / given.seconds for one in rounds]
        times = np.concatenate(rounds) * 1000
        told = {
            "way": way,
            "beside": beside,
            "requests_per_second": round(float(np.median(rates)), 1),
            "rounds": [round(rate, 1) for rate in rates],
            "p50_ms": round(float(np.percentile(times, 50)), 1),
            "p95_ms": round(float(np.percentile(times, 95)), 1),
        }
        print(json.dumps(told), flush=True)


def ask(servers: Sequence[str], n_clients: int, seconds: float) -> list[float]:
    """Ask from so many threads for so long; the seconds of each answer."""
    until = time.monotonic() + seconds

    def ask_one(number: int) -> list[float]:
        times: list[float] = []
        with httpx2.Client(base_url=servers[number % len(servers)], timeout=120.0) as client:
            while time.monotonic() < until:
                words = f"{WORDS[len(times) % len(WORDS)]} {number} {len(times)} {until:.0f}"
                begun = time.perf_counter()
                answer = client.post("/api/v1/search", json={"text": [words], "top": 10})
                answer.raise_for_status()
                times.append(time.perf_counter() - begun)
        return times

    with ThreadPoolExecutor(n_clients) as pool:
        return [one for times in pool.map(ask_one, range(n_clients)) for one in times]


@contextmanager
def start_server(address: str) -> Iterator[str]:
    """A process of `mvsearch serve` at a free port; its address."""
    command = [sys.executable, "-m", "mvsearch.cli", "serve", "--port", "0"]
    environment = os.environ | {"MVSEARCH_LIBRARY": address}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://[^\s/]+", process.stdout.readline())
            if found is None:
                raise RuntimeError("the server did not start")
            yield found[0]
        finally:
            process.terminate()


@contextmanager
def indexing(address: str, folder: Path, *, is_wanted: bool) -> Iterator[None]:
    """Index a folder again and again, in a process of less priority each, until the end."""
    end = threading.Event()

    def run() -> None:
        command = [sys.executable, "-m", "mvsearch.cli", "-q", "index", str(folder)]
        environment = os.environ | {"MVSEARCH_LIBRARY": address}
        while not end.is_set():
            for file in folder.iterdir():
                with file.open("ab") as content:
                    content.write(b"\0")  # another video
            subprocess.run(
                ["nice", "-n", "19", *command, "--lyrics", "off"], env=environment, check=True
            )

    thread = threading.Thread(target=run)
    if is_wanted:
        thread.start()
    try:
        yield
    finally:
        end.set()
        if is_wanted:
            thread.join()


if __name__ == "__main__":
    main()
