"""Writing lyrics beside a video, and undoing it, killed at each file that is opened or renamed."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import mvsearch
from mvsearch.store.errors import MvsearchError
from tests import toy_library
from tests.limits import HANG_SECONDS
from tests.search.lyrics.conftest import LRC, NAME, Plant, make_fit

# Ends itself before its n-th change of a file, or its n-th connection to the catalogue.
PROGRAM = """
import os, signal, sys
import mvsearch
place, deed, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
steps = []
def note(event, given):
    is_made = event == "open" and isinstance(given[2], int) and given[2] & os.O_CREAT
    if is_made or event in ("os.rename", "os.remove", "sqlite3.connect"):
        steps.append(event)
        if len(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)
with mvsearch.open(place) as library:
    sys.addaudithook(note)
    if deed == "write":
        library.apply_lyrics_fit("First Song", write=True)
    else:
        library.undo_lyrics_fit("First Song")
"""


@pytest.mark.robustness
@pytest.mark.parametrize("then_writes", [False, True])
@pytest.mark.parametrize("deed", ["write", "undo"])
def test_all_comes_back_after_a_kill(
    tmp_path: Path, plant: Plant, deed: str, then_writes: bool
) -> None:
    plant(make_fit())
    place, folder = tmp_path / "library", tmp_path / "videos"
    toy_library.make_indexed(folder, place)
    (folder / f"{NAME}.lrc").write_text(LRC)
    toy_library.index(folder, place)
    n_kills, is_killed = 0, True
    while is_killed:
        with mvsearch.open(place) as library:
            library.fit_lyrics("First Song")
            before = library.lyrics("First Song")
            if deed == "undo":
                library.apply_lyrics_fit("First Song", write=True)
        n_kills += 1
        given = [sys.executable, "-c", PROGRAM, str(place), deed, str(n_kills)]
        is_killed = subprocess.run(given, timeout=HANG_SECONDS, check=False).returncode == -9
        with mvsearch.open(place) as library:
            if then_writes and library.lyrics_fit("First Song") is None:
                library.fit_lyrics("First Song")
            with suppress(MvsearchError):  # it is moved already, or nothing was done yet
                if then_writes:
                    library.apply_lyrics_fit("First Song", write=True)
            with suppress(MvsearchError):
                library.undo_lyrics_fit("First Song")
            assert library.lyrics("First Song") == before
        assert (folder / f"{NAME}.lrc").read_text() == LRC
        kept = [file.read_text() for file in folder.glob("*.original*")]
        assert kept in ([], [LRC])
    assert n_kills > 5
