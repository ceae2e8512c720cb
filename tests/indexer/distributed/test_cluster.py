"""Clusters that cannot be used, without Ray itself."""

import os
import sys
import types
from pathlib import Path

import pytest

import mvsearch
from mvsearch.indexer.distributed import cluster, node, settings, token
from mvsearch.indexer.distributed.address import ClusterAddress
from mvsearch.indexer.distributed.cluster import ClusterError, connecting
from mvsearch.indexer.distributed.node import NodeOptions, write_command
from mvsearch.store.errors import MvsearchError


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No token, and settings that end with the test."""
    for name in (*settings.SETTINGS, "RAY_AUTH_TOKEN", "RAY_ADDRESS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.SimpleNamespace(is_initialized=lambda: False)
    monkeypatch.setitem(sys.modules, "ray", module)


def connect(address: ClusterAddress) -> None:
    with connecting(address):
        raise AssertionError


def test_without_ray_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MvsearchError, match=r"not installed; type: pip install '.*\[ray\]'"):
        connect(ClusterAddress())


def test_settings_are_kept_if_they_are_set() -> None:
    given = {"RAY_AUTH_MODE": "disabled", "PATH": "x"}
    settings.apply_settings(given)
    assert given.keys() == {*settings.SETTINGS, "PATH"}
    assert not settings.has_tokens(given)


@pytest.mark.usefixtures("ray")
def test_a_cluster_elsewhere_needs_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MvsearchError, match="no token of the cluster: copy"):
        connect(ClusterAddress("127.0.0.1", 1))
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(MvsearchError, match="no token of the cluster: copy"):
        connect(ClusterAddress())


@pytest.mark.usefixtures("ray")
def test_where_nothing_listens_it_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(ClusterError, match=r"no cluster answers at ray://127\.0\.0\.1:1 "):
        connect(ClusterAddress("127.0.0.1", 1))


@pytest.mark.parametrize(
    ("error", "n_tries", "line"),
    [
        (ConnectionAbortedError("a traceback"), 3, "the head of .* is too busy"),
        (ConnectionError("timeout"), 1, r"\(timeout\); if it runs, its token must be the same"),
        (RuntimeError("Ray 1 and Ray 2"), 1, r"\(Ray 1 and Ray 2\)$"),
    ],
)
def test_a_head_that_is_busy_is_asked_again(
    error: Exception, n_tries: int, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def init(place: str, **_: object) -> None:
        tried.append(place)
        raise error

    errors = types.SimpleNamespace(AuthenticationError=KeyError, RayError=KeyError)
    module = types.SimpleNamespace(
        is_initialized=lambda: False, init=init, shutdown=lambda: None, exceptions=errors
    )
    monkeypatch.setitem(sys.modules, "ray", module)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    monkeypatch.setattr(cluster, "RETRY_DELAYS_SECONDS", (0.0, 0.0))
    with pytest.raises(ClusterError, match=line):
        connect(ClusterAddress())
    assert tried == ["head:6379"] * n_tries


def test_a_token_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    settings.apply_settings()
    path = token.make_token()
    assert path == tmp_path / "token"
    made = path.read_text()
    assert len(made) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert token.make_token() == path
    assert path.read_text() == made
    token.require_token()


def test_a_token_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.apply_settings()
    (tmp_path / "file").touch()
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "file" / "token"))
    with pytest.raises(MvsearchError, match="the token cannot be written to"):
        token.make_token()


def test_nodes_are_started_by_ray_s_own_command(monkeypatch: pytest.MonkeyPatch) -> None:
    head = write_command(NodeOptions(host="10.0.0.1", cpus=2))
    assert head[:3] == ["start", "--block", "--disable-usage-stats"]
    assert {"--head", "--port=6379", "--ray-client-server-port=10001"} < set(head)
    joined = write_command(NodeOptions("10.0.0.1:7000", gpus=0))
    assert {"--address=10.0.0.1:7000", "--num-gpus=0"} < set(joined)
    assert "--head" not in joined
    for options in (
        NodeOptions("head"),
        NodeOptions(host="--x"),
        NodeOptions(cpus=-1),
        NodeOptions(port=19_999),
        NodeOptions(client_port=10_002),
        NodeOptions(port=7000, client_port=7000),
    ):
        with pytest.raises(MvsearchError):
            write_command(options)
    write_command(NodeOptions("10.0.0.1:7000", port=7000, client_port=7000))  # of heads alone
    # Without a token a node does not join.
    monkeypatch.setattr(node, "import_ray", settings.apply_settings)
    monkeypatch.setattr(os, "execv", None)
    with pytest.raises(MvsearchError, match="no token of the cluster"):
        node.start_node(NodeOptions("10.0.0.1:7000"), print)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"on": "spark"}, "an index run works on ray or on ray://HOST:PORT"),
        ({"upload": True}, "need a cluster"),
        ({"worker_cpus": 1.0}, "need a cluster"),
        ({"worker_gpus": 1.0}, "need a cluster"),
        ({"on": "ray", "worker_cpus": 0.0}, "cannot reserve 0 processors"),
        ({"on": "ray", "worker_cpus": float("nan")}, "cannot reserve nan processors"),
        ({"on": "ray", "worker_gpus": -1.0}, "cannot reserve -1 GPUs"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    arguments: dict, line: str, tmp_path: Path
) -> None:
    with (
        mvsearch.open(tmp_path / "library", profile="toy") as library,
        pytest.raises(MvsearchError, match=line),
    ):
        library.index(tmp_path, **arguments)
    assert not (tmp_path / "library").exists()


def test_ray_is_not_imported_without_need() -> None:
    assert cluster.__name__ in sys.modules
    assert not hasattr(cluster, "ray")
