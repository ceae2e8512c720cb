"""Tests of what decodes start it each time."""

import pytest

from mvsearch.indexer.media import pictures, programs
from mvsearch.indexer.media.decoding import decode, streams


@pytest.fixture(autouse=True)
def _decode_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "Child", streams.Child)
    monkeypatch.setattr(pictures, "run_program", programs.run_program)
