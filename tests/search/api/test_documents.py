"""The Python examples of README and docs/python.md, run over a small library."""

import doctest
import re
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch.search.api import session
from tests import toy_library
from tests.media import run_ffmpeg
from tests.serving import serving

ROOT = Path(__file__).parents[3]
NAMES = dict(
    zip(
        toy_library.PICTURES,
        ("Luna Harrow - Paper Moon", "Nora Vale - The First Snow", "Grey Parade - Umbrella Street"),
        strict=True,
    )
)
ADDRESS = "http://studio:8765/?token=TOKEN"
DOCUMENTS = ["README.md", "docs/python.md"]


@pytest.fixture(scope="module")
def home(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy videos by the names that the documents have, and the files that queries name."""
    place = tmp_path_factory.mktemp("home")
    (place / "Videos").mkdir()
    for file in folder.iterdir():
        (old,) = [name for name in NAMES if name.startswith(file.stem)]
        shutil.copy(file, place / "Videos" / f"{NAMES[old]}{file.suffix}")
    with (place / "Videos" / "Luna Harrow - Paper Moon.lrc").open("a") as lyrics:
        lyrics.write("[00:04.60]along the sea\n")  # fewer lines are not fitted
    shutil.copy(folder / next(iter(NAMES)), place / "party.mp4")
    run_ffmpeg("-i", place / "party.mp4", "-frames:v", "1", place / "beach.jpg")
    return place


def read_blocks(document: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def run_block(code: str, names: dict[str, Any], place: str) -> None:
    """Run a block, one with prompts as a doctest."""
    if ">>> " not in code:
        exec(compile(code, place, "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(code, names, place, place, 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.append, clear_globs=False)
    assert not runner.failures, "".join(said)
    names.update(test.globs)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_run(document: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    monkeypatch.setattr(session, "DEFAULT_PROFILE", "toy")
    monkeypatch.setitem(mvsearch.predict_mood.__kwdefaults__, "profile", "toy")
    blocks = read_blocks(document)
    assert blocks
    names: dict[str, Any] = {}
    with ExitStack() as servers:
        for number, block in enumerate(blocks, start=1):
            if ADDRESS in block:
                served = servers.enter_context(mvsearch.open("~/music-videos.library"))
                block = block.replace(ADDRESS, servers.enter_context(serving(served)))
            run_block(block, names, f"{document}, example {number}")
        if "library" in names:
            names["library"].close()
