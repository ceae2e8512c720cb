import sys

import pytest

from mvsearch import cli
from mvsearch.indexer.encoders import ENCODERS, PROFILES, Profile
from mvsearch.search.commands.process import run_app
from tests.search.metrics.tones import Tones


@pytest.fixture
def joint_profile(monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile of toy encoders that compare pictures and sound with words."""
    monkeypatch.setitem(ENCODERS, "toy-tones", f"{Tones.__module__}:Tones")
    profile = Profile("toy-frames", "toy-lyrics", "toy-tones", whisper_model="tiny")
    monkeypatch.setitem(PROFILES, "toy-joint", profile)
    return "toy-joint"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a metric as the shell would: (exit code, standard output, standard error)."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["mvsearch", "metric", *map(str, words)])
        code = run_app(cli.app)
        out, err = capsys.readouterr()
        return code, out, err

    return call
