"""`kill -9` at any point of adding an encoder and switching to it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import mvsearch
from tests.indexer.pipeline.encoders.test_beside import (
    FRAMES,
    LYRICS,
    answer,
    library,  # noqa: F401  a fixture
    made,  # noqa: F401  a fixture
    read_state,
)
from tests.other_encoders import register

# Where a process is killed: a function, and at which of its calls.
PLACES = {
    "add_unused_spaces": "Catalog.add_unused_spaces",
    "first": "Catalog.store_beside",
    "second": "Catalog.store_beside",
    "inside": "encoders._delete_beside",
    "before": "Catalog.switch_encoder",
    "middle": "encoders._exchange_tags",
    "end": "spaces.SpaceWriter._note_before",
}

DIE = """
import os, signal, pytest, mvsearch
from mvsearch.store.catalog import encoders, spaces
from mvsearch.store.catalog.writing import Catalog
from tests.other_encoders import register
register(pytest.MonkeyPatch())
calls = 0
real = {place}
def die(*given):
    global calls
    calls += 1
    if calls == {nth}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)
{place} = {wrapped}
with mvsearch.open({library!r}) as library:
    library.add_encoder({name!r})
    library.switch_encoder({name!r})
"""


@pytest.mark.robustness
@pytest.mark.parametrize("name", [FRAMES, LYRICS])
@pytest.mark.parametrize("point", PLACES)
def test_killed_anywhere_the_old_one_serves(
    library: Path,  # noqa: F811
    point: str,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register(monkeypatch)
    before = answer(library)
    nth = 2 if point == "second" and name == FRAMES else 1
    wrapped = "staticmethod(die)" if point == "end" else "die"
    code = DIE.format(
        place=PLACES[point], nth=nth, wrapped=wrapped, library=str(library), name=name
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert answer(library) == before
    assert {one for one, (is_used, _) in read_state(library).items() if is_used} == {
        "toy-frames",
        "toy-lyrics",
        "toy-audio",
    }
    with mvsearch.open(library) as opened:
        opened.add_encoder(name)
        opened.switch_encoder(name)
        after = answer(library)
        opened.rollback_encoder()
    assert read_state(library)[name] == (False, 0)
    assert answer(library) == before != after
