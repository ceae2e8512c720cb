"""Keeps the whole suite away from the user's own library, models and settings."""

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

PRIVATE = ("MVSEARCH_DEVICE", "MVSEARCH_THREADS", "MVSEARCH_WHISPER_ENGINE")
# A busy machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


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
        for name in PRIVATE:
            patch.delenv(name, raising=False)
        yield


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
