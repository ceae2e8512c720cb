import pytest


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny networks on all cores of a busy machine wait for each other."""
    monkeypatch.setenv("MVSEARCH_THREADS", "1")
