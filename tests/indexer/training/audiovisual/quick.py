"""What trainings of towers in tests leave out."""

import pytest

from mvsearch.indexer.training import run_folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run draws its curves, which other tests look at, and none waits for other threads.

    Two threads that share a busy core take a hundred times as long for small matrices.
    """
    monkeypatch.setattr(run_folder, "draw_curves", lambda *_: "")
    monkeypatch.setenv("MVSEARCH_THREADS", "1")
