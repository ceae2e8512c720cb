"""Two real Ray nodes for tests: processes of this machine, or hosts of their own by namespaces."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.limits import HANG_SECONDS

TOKEN = "test" * 8
# Decodes slowly, and tells who decodes what: a node, the process that asks, and the file.
FFMPEG = """#!/bin/sh
case "$*" in *-filter_complex*)
    for word in "$@"; do case "$word" in file:*) file="$word";; esac; done
    echo "$NODE $PPID ${{file##*/}}" >>"{log}"
    case "$file" in *poison*) kill -9 "$PPID";; esac
    sleep "$(cat "{log}.seconds")"
;; esac
exec "{ffmpeg}" "$@"
"""


class Hosts:
    """Two network namespaces with a cable between them."""

    def __init__(self) -> None:
        number = os.getpid() % 100_000
        self.names = (f"mv{number}a", f"mv{number}b")
        self.links = (f"va{number}", f"vb{number}")
        self.addresses = ("10.213.7.1", "10.213.7.2")
        first, second = self.links
        run = _run_ip
        for name in self.names:
            run("netns", "add", name)
        run("link", "add", first, "type", "veth", "peer", "name", second)
        for name, link, address in zip(self.names, self.links, self.addresses, strict=True):
            run("link", "set", link, "netns", name)
            run("-n", name, "address", "add", f"{address}/24", "dev", link)
            run("-n", name, "link", "set", "lo", "up")
            run("-n", name, "link", "set", link, "up")

    def cut(self) -> None:
        """Pull the cable."""
        _run_ip("-n", self.names[0], "link", "set", self.links[0], "down")

    def mend(self) -> None:
        """Put it in again."""
        _run_ip("-n", self.names[0], "link", "set", self.links[0], "up")

    def close(self) -> None:
        for name in self.names:
            with suppress(subprocess.CalledProcessError):
                _run_ip("netns", "delete", name)


def _run_ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def open_hosts() -> Hosts:
    """Two hosts; skips the test, outside of CI, where this user may not make any."""
    try:
        return Hosts()
    except (OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"network namespaces need root and `ip`: {error}")


class Nodes:
    """A head and another node with a core each, and who decoded what on them.

    Attributes:
        environment: of a program that uses them.
        client_address: for `--on`.
        log: a line for each decoded file.
    """

    def __init__(self, folder: Path, hosts: Hosts) -> None:
        self.hosts = hosts
        self.folder = folder
        # A path of a socket has at most 107 letters.
        self.temporary = Path(tempfile.mkdtemp(prefix="mvray", dir="/tmp"))
        self.log = folder / "decoded"
        self.log.touch()
        self.decode_for(0.0)
        token = folder / "token"
        token.write_text(TOKEN)
        programs = folder / "programs"
        programs.mkdir()
        ffmpeg = programs / "ffmpeg"
        ffmpeg.write_text(FFMPEG.format(log=self.log, ffmpeg=shutil.which("ffmpeg")))
        ffmpeg.chmod(0o755)
        self.environment = os.environ | {
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_TMPDIR": str(self.temporary),
            # How long a head waits for a run that is gone.
            "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "5",
            "PATH": f"{programs}:{os.environ['PATH']}",
        }
        self.processes: dict[int, subprocess.Popen[str]] = {}
        self.client_address = f"ray://{hosts.addresses[0]}:10001"

    def decode_for(self, seconds: float) -> None:
        """How much longer each file takes to decode from now on."""
        Path(f"{self.log}.seconds").write_text(str(seconds))

    def start(self, n: int) -> None:
        """Start a node, 0 for the head, and wait until it is there."""
        host = self.hosts.addresses[n]
        join = ["--join", f"{self.hosts.addresses[0]}:6379"] if n else ["--head"]
        words = ["workers", "start", *join, "--host", host, "--cpus", "1"]
        output = self.folder / f"node{n}.log"
        environment = self.environment | {"NODE": f"node{n}"}
        self.processes[n] = self.spawn(words, n, output, environment)
        deadline = time.monotonic() + HANG_SECONDS
        port = 10001 if n == 0 else 0
        while not (self.can_connect(port) if port else self.count_nodes() > n):
            assert self.processes[n].poll() is None, (self.folder / f"node{n}.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.3)

    def can_connect(self, port: int) -> bool:
        """Whether something listens at the head."""
        code = (
            "import socket, sys;"
            f"sys.exit(socket.socket().connect_ex(('{self.hosts.addresses[0]}', {port})))"
        )
        words = ["ip", "netns", "exec", self.hosts.names[0], sys.executable, "-S", "-c", code]
        return subprocess.run(words).returncode == 0

    def count_nodes(self) -> int:
        """The number of nodes that are alive, as the cluster sees it."""
        code = (
            f"import ray; ray.init('{self.hosts.addresses[0]}:6379', logging_level=50,"
            " log_to_driver=False); print(sum(one['Alive'] for one in ray.nodes()))"
        )
        words = ["ip", "netns", "exec", self.hosts.names[0], sys.executable, "-c", code]
        done = subprocess.run(
            words, env=self.environment | {"RAY_AUTH_MODE": "token"}, capture_output=True, text=True
        )
        return int(done.stdout.split()[-1]) if done.stdout.strip() else 0

    def spawn(
        self, words: Sequence[str], n: int, output: Path, environment: dict[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Start `mvsearch` on a host; what it prints goes to a file."""
        command = ["ip", "netns", "exec", self.hosts.names[n], sys.executable, "-m", "mvsearch.cli"]
        with output.open("w") as out:
            return subprocess.Popen(
                [*command, *words],
                env=environment or self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )

    def run(self, *words: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        """Run `mvsearch` on the first host."""
        command = ["ip", "netns", "exec", self.hosts.names[0], sys.executable, "-m", "mvsearch.cli"]
        return subprocess.run(
            [*command, *words],
            env=self.environment | changes,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=HANG_SECONDS,
        )

    def decoded(self) -> list[tuple[str, int, str]]:
        """Who decoded what so far: the node, the worker's process, and the file."""
        lines = (line.split(" ", 2) for line in self.log.read_text().splitlines())
        return [(node, int(process), file) for node, process, file in lines]

    def wait_for(self, n: int, node: str = "") -> list[tuple[str, int, str]]:
        """Wait until some files are being decoded, or were, on a node."""
        deadline = time.monotonic() + HANG_SECONDS
        while len(done := [one for one in self.decoded() if one[0].startswith(node)]) < n:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return done

    def kill(self, n: int) -> None:
        """Kill all processes of a node at once, as a power cut does."""
        process = self.processes.pop(n)
        for sent in (signal.SIGSTOP, signal.SIGKILL):
            for one in [process.pid, *find_children(process.pid)]:
                with suppress(ProcessLookupError):
                    os.kill(one, sent)
        process.wait()

    def close(self) -> None:
        for n in sorted(self.processes, reverse=True):
            self.kill(n)
        shutil.rmtree(self.temporary, ignore_errors=True)


def find_children(process: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
    found, known = [], {process}
    for child in sorted(parents):
        above = child
        while above in parents and above not in known:
            above = parents[above]
        if above in known and child != process:
            found.append(child)
    return found


@contextmanager
def two_nodes(folder: Path) -> Iterator[Nodes]:
    """Two nodes on two hosts."""
    hosts = open_hosts()
    try:
        nodes = Nodes(folder, hosts)
        try:
            nodes.start(0)
            nodes.start(1)
            yield nodes
        finally:
            nodes.close()
    finally:
        hosts.close()
