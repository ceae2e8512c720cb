"""Two Ray nodes on hosts of their own: kills, cut links, tokens, uploads."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import mvsearch
from mvsearch.indexer.encoders import Encoders
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.library import Library
from tests import toy_library
from tests.campaign.planted import dump
from tests.limits import HANG_SECONDS
from tests.servers.ray_nodes import Nodes, two_nodes
from tests.toy_library import make_clip

pytestmark = pytest.mark.ray

N_VIDEOS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short videos, some with lyrics and a picture beside them."""
    place = tmp_path_factory.mktemp("media") / "videos"
    toy_library.make_folder(place)
    for n in range(N_VIDEOS - 3):
        make_clip(place / f"more {n}.mp4", f"testsrc2=s=96x64:r=10:d={2 + n}", f"sine=f={300 + n}")
    (place / "more 1.nfo").write_text("<musicvideo><title>Told beside it</title></musicvideo>")
    (place / "more 1.jpg").write_bytes(b"no picture, only a name")
    return place


@pytest.fixture(scope="module")
def expected(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a run without a cluster writes."""
    home = tmp_path_factory.mktemp("local") / "library"
    assert toy_library.index(folder, home, lyrics="sidecar").indexed == N_VIDEOS
    return dump(home)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with two_nodes(tmp_path_factory.mktemp("nodes")) as nodes:
        yield nodes


@pytest.fixture
def nodes(cluster: Nodes) -> Nodes:
    """Both nodes, with an empty log."""
    for n in (0, 1):
        if n not in cluster.processes:
            cluster.start(n)
    cluster.log.write_text("")
    cluster.decode_for(0.0)
    return cluster


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "library"


def list_words(folder: Path, home: Path | str, nodes: Nodes, *more: str) -> list[str]:
    words = ["index", str(folder), "--library", str(home), "--profile", "toy", "--json"]
    return [*words, "--lyrics", "sidecar", "--on", nodes.client_address, *more]


def count_runs(nodes: Nodes) -> Counter[str]:
    """How often each file was decoded."""
    return Counter(file for _, _, file in nodes.decoded())


def begin(folder: Path, home: Path, nodes: Nodes) -> "subprocess.Popen[str]":
    """Begin a run in which each file takes a while."""
    nodes.decode_for(1.0)
    return nodes.spawn(list_words(folder, home, nodes), 0, nodes.folder / "driver.log")


def finish(run: "subprocess.Popen[str]", nodes: Nodes) -> None:
    assert run.wait(HANG_SECONDS) == 0, (nodes.folder / "driver.log").read_text()


def test_two_nodes_write_what_one_process_writes(
    folder: Path, home: Path, nodes: Nodes, expected: dict[str, list[str]]
) -> None:
    nodes.decode_for(0.3)
    done = nodes.run(*list_words(folder, home, nodes))
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["indexed"], summary["failed"], summary["is_interrupted"]) == (8, 0, False)
    assert dump(home) == expected
    assert set(count_runs(nodes).values()) == {1}
    assert {node for node, _, _ in nodes.decoded()} == {"node0", "node1"}


def test_the_default_encoders_write_the_same_bits(
    folder: Path, nodes: Nodes, tmp_path: Path
) -> None:
    """By a driver that is a part of the cluster; toy encoders hide what threads change."""
    try:
        Encoders("embedded").check_weights()
    except WeightsMissingError as error:
        pytest.skip(str(error))
    words = ["index", str(folder), "--json", "--lyrics", "sidecar", "--library"]
    alone = nodes.run(*words, str(tmp_path / "alone"))
    assert alone.returncode == 0, alone.stderr
    nodes.log.write_text("")
    address = f"{nodes.hosts.addresses[0]}:6379"
    spread = nodes.run(*words, str(tmp_path / "spread"), "--on", "ray", RAY_ADDRESS=address)
    assert spread.returncode == 0, spread.stderr
    assert {node for node, _, _ in nodes.decoded()} == {"node0", "node1"}
    assert dump(tmp_path / "spread") == dump(tmp_path / "alone")


def test_a_library_in_postgresql_is_written_likewise(
    folder: Path, home: Path, nodes: Nodes, postgres_address: str
) -> None:
    done = nodes.run(*list_words(folder, postgres_address, nodes))
    assert done.returncode == 0, done.stderr
    toy_library.index(folder, home, lyrics="sidecar")
    with Library.open(postgres_address) as far, Library.open(home) as near:
        assert far.catalog.video_ids() == near.catalog.video_ids()
        for video_id in near.catalog.video_ids():
            for space in near.catalog.spaces():
                one, other = (
                    library.catalog.embeddings(video_id, space.key) for library in (far, near)
                )
                assert (one is None) == (other is None)
                if one is not None and other is not None:
                    assert one.segments == other.segments
                    np.testing.assert_array_equal(one.vectors, other.vectors)


def test_a_wrong_token_and_none_are_refused(folder: Path, home: Path, nodes: Nodes) -> None:
    words = list_words(folder, home, nodes)
    for changes in ({"RAY_AUTH_TOKEN": "wrong" * 8}, {"RAY_AUTH_TOKEN_PATH": "/nowhere"}):
        done = nodes.run(*words, **changes)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert "token" in done.stderr
        assert "wrongwrong" not in done.stderr
    assert nodes.decoded() == []


def test_a_killed_worker_costs_the_video_that_it_worked_on(
    folder: Path, home: Path, nodes: Nodes, expected: dict[str, list[str]]
) -> None:
    run = begin(folder, home, nodes)
    _, worker, file = nodes.wait_for(3)[-1]
    os.kill(worker, signal.SIGKILL)
    finish(run, nodes)
    assert dump(home) == expected
    assert Counter({file: 1}) == count_runs(nodes) - Counter(dict.fromkeys(count_runs(nodes), 1))


def test_a_video_that_kills_its_worker_is_a_failure_of_its_own(
    folder: Path, home: Path, nodes: Nodes, tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for n in range(3):
        shutil.copy(folder / f"more {n}.mp4", videos)
    shutil.copy(folder / "more 4.mp4", videos / "poison.mp4")
    done = nodes.run(*list_words(videos, home, nodes))
    assert done.returncode == 1, done.stderr
    summary = json.loads(done.stdout)
    assert summary["indexed"] == 3
    (failure,) = summary["failures"]
    assert failure["path"].endswith("poison.mp4")
    assert failure["code"] == "internal"
    assert "ended its worker 3 times" in failure["message"]
    runs = count_runs(nodes)
    assert runs.pop("poison.mp4") == 3
    assert set(runs.values()) == {1}


def test_a_folder_that_nodes_do_not_see_is_named_and_can_be_uploaded(
    folder: Path, home: Path, nodes: Nodes, expected: dict[str, list[str]], tmp_path: Path
) -> None:
    """The run alone has the videos under their path, where the nodes have an empty folder."""
    hidden = folder.with_name("elsewhere")
    folder.rename(hidden)
    folder.mkdir()
    words = [sys.executable, "-m", "mvsearch.cli", *list_words(folder, home, nodes)]
    script = f'mount --bind "{hidden}" "{folder}" && exec "$@"'
    command = ["ip", "netns", "exec", nodes.hosts.names[0], "sh", "-c", script, "sh", *words]

    def run(*more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*command, *more],
            env=nodes.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=HANG_SECONDS,
        )

    try:
        refused = run()
        uploaded = run("--upload")
    finally:
        folder.rmdir()
        hidden.rename(folder)
    assert (refused.returncode, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert "node 10.213.7." in line
    assert str(folder) in line
    assert "--upload" in line
    assert uploaded.returncode == 0, uploaded.stderr
    assert dump(home) == expected
    assert not list(Path("/tmp").glob("mvsearch-upload-*"))


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(
    folder: Path, home: Path, nodes: Nodes, expected: dict[str, list[str]]
) -> None:
    run = begin(folder, home, nodes)
    nodes.wait_for(5)
    run.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert run.wait(HANG_SECONDS) == 130
    assert time.monotonic() - began < 30
    with Library.open(home) as library:
        kept = {location.path.name for location in library.catalog.locations()}
    assert 0 < len(kept) < N_VIDEOS
    nodes.log.write_text("")
    nodes.decode_for(0.0)
    assert nodes.run(*list_words(folder, home, nodes)).returncode == 0
    assert kept.isdisjoint(count_runs(nodes))
    assert dump(home) == expected


def test_a_killed_run_leaves_a_whole_library_and_no_workers(
    folder: Path, home: Path, nodes: Nodes, expected: dict[str, list[str]]
) -> None:
    run = begin(folder, home, nodes)
    workers = {worker for _, worker, _ in nodes.wait_for(5)}
    run.kill()
    run.wait()
    deadline = time.monotonic() + HANG_SECONDS
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    with Library.open(home) as library:
        kept = {location.path.name for location in library.catalog.locations()}
    nodes.log.write_text("")
    nodes.decode_for(0.0)
    assert nodes.run(*list_words(folder, home, nodes)).returncode == 0
    assert kept.isdisjoint(count_runs(nodes))
    assert dump(home) == expected


def test_a_killed_node_costs_the_video_that_it_worked_on(
    folder: Path, home: Path, nodes: Nodes, expected: dict[str, list[str]]
) -> None:
    run = begin(folder, home, nodes)
    *_, (_, _, file) = nodes.wait_for(2, "node1")
    nodes.kill(1)
    finish(run, nodes)
    assert dump(home) == expected
    assert Counter({file: 1}) == count_runs(nodes) - Counter(dict.fromkeys(count_runs(nodes), 1))


def test_a_cut_link_costs_the_video_behind_it(
    folder: Path, home: Path, nodes: Nodes, expected: dict[str, list[str]]
) -> None:
    run = begin(folder, home, nodes)
    *_, (_, _, file) = nodes.wait_for(2, "node1")
    nodes.hosts.cut()
    try:
        time.sleep(20)
    finally:
        nodes.hosts.mend()
    finish(run, nodes)
    assert dump(home) == expected
    # The node does not know that it is given up, and may begin no other video.
    assert Counter({file: 1}) == count_runs(nodes) - Counter(dict.fromkeys(count_runs(nodes), 1))
    with suppress(KeyError):
        nodes.kill(1)


def test_a_killed_head_ends_the_run_with_one_line(folder: Path, home: Path, nodes: Nodes) -> None:
    run = begin(folder, home, nodes)
    nodes.wait_for(5)
    nodes.kill(0)
    assert run.wait(HANG_SECONDS) == 2
    said = (nodes.folder / "driver.log").read_text()
    assert len(said.splitlines()) == 1, said
    assert "the connection to the cluster is lost" in said
    assert mvsearch.check(home).damages == ()
    nodes.kill(1)
