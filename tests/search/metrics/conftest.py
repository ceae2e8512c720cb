from functools import partial

import pytest

from mvsearch.indexer.encoders import ENCODERS, PROFILES, Profile
from tests.search.metrics.tones import Tones


@pytest.fixture
def joint_profile(monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile of toy encoders that compare pictures and sound with words."""
    monkeypatch.setitem(ENCODERS, "toy-tones", f"{Tones.__module__}:Tones")
    profile = Profile("toy-frames", "toy-lyrics", "toy-tones", whisper_model="tiny")
    monkeypatch.setitem(PROFILES, "toy-joint", profile)
    return "toy-joint"


@pytest.fixture
def run(shell):
    """Run a metric as the shell would: (exit code, standard output, standard error)."""
    return partial(shell, "metric")
