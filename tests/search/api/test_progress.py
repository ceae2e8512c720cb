"""Long calls tell how far they are, and are stopped without harm."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import mvsearch
from mvsearch.indexer.progress import Silence
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.output.report import ReportOptions
from mvsearch.search.output.tables.versions import VersionsReport
from tests.serving import AnyLibrary

SAMPLE = SampleOptions(n_clips=2, distortions=("none",), kinds=("lyric",))
WHOLE = ReportOptions("json")


class Recorder(Silence):
    """Notes what it is told, and sets an event at a step of a stage."""

    def __init__(self, at: str = "", cancel: threading.Event | None = None) -> None:
        self.told: list[str] = []
        self.at = at
        self.cancel = cancel
        self.is_entered = False

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        self.told.append(f"{stage} {total} {unit}")

    def advance(self, stage: str) -> None:
        self.told.append(stage)
        if stage == self.at and self.cancel is not None:
            self.cancel.set()

    def __enter__(self) -> "Recorder":
        self.is_entered = True
        return self

    def __exit__(self, *_: object) -> None:
        self.is_entered = False


class Broken(Recorder):
    def advance(self, stage: str) -> None:
        super().advance(stage)
        raise ValueError("the caller's own mistake")


# Every long call, and the stage that it goes through.
WORKS: dict[str, tuple[str, Callable[..., object]]] = {
    "versions": ("compare", lambda library, **how: library.versions(**how)),
    "report": ("compare", lambda library, **how: library.report_similar(WHOLE, **how)),
    "evaluate": ("queries", lambda library, **how: library.evaluate(SAMPLE, workers=1, **how)),
    "check": ("check", lambda library, **how: mvsearch.check(library.folder, **how)),
}


# `test_connect` evaluates.
WAYS = [(name, "opened") for name in WORKS] + [("versions", "connected"), ("report", "connected")]


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_every_long_call_has_one_protocol_and_can_be_stopped(
    request: pytest.FixtureRequest, name: str, way: str
) -> None:
    library: AnyLibrary = request.getfixturevalue(way)
    stage, work = WORKS[name]
    whole = Recorder()
    work(library, progress=whole)
    (begun,) = [line for line in whole.told if line.startswith(f"{stage} ")]
    total = int(begun.split()[1])
    assert whole.told.count(stage) == total >= 2
    cancel = threading.Event()
    stopped = Recorder(stage, cancel)
    with pytest.raises(mvsearch.CancelledError, match="what was done is kept"):
        work(library, progress=stopped, cancel=cancel)
    assert stopped.told.count(stage) == 1
    broken = Broken()
    with pytest.raises(ValueError, match="own mistake"):
        work(library, progress=broken)
    assert broken.told.count(stage) == 1
    assert not any(told.is_entered for told in (stopped, broken, whole))
    assert library.search("river", top=1)[0].video.title == "First Song"


def test_a_function_is_told_in_lines(library: AnyLibrary) -> None:
    lines: list[str] = []
    library.report_versions(VersionsReport("html"), progress=lines.append)
    assert lines[0] == "compare: 3 steps"
    assert lines[1].startswith("compare: 3/3, ")


@pytest.mark.robustness
def test_a_cancelled_index_run_leaves_a_whole_library_and_goes_on(
    folder: Path, tmp_path: Path
) -> None:
    cancel = threading.Event()
    with mvsearch.open(tmp_path / "library", profile="toy") as library:
        first = library.index(
            folder, progress=Recorder("analyse", cancel), cancel=cancel, workers=1
        )
        assert first.is_interrupted
        assert mvsearch.check(library.folder).damages == ()
        with pytest.raises(ValueError, match="own mistake"):
            library.index(folder, progress=Broken(), workers=1)
        assert library.failures() == []
        lines: list[str] = []
        second = library.index(folder, progress=lines.append)
        assert (second.indexed + second.unchanged, second.unchanged >= 1) == (3, True)
        assert not second.is_interrupted
        assert "measure: " in "\n".join(lines)
        cancel.clear()
        third = library.index(folder, progress=Recorder("measure", cancel), cancel=cancel)
        assert (third.unchanged, third.is_interrupted) == (3, True)
        assert len(library.search("river")) == 3


@pytest.mark.robustness
@pytest.mark.parametrize("at", ["prepare", "analyse"])  # another thread, and that of the call
def test_closing_in_a_callback_ends_the_run(folder: Path, tmp_path: Path, at: str) -> None:
    library = mvsearch.open(tmp_path / "library", profile="toy")

    class Closing(Recorder):
        def advance(self, stage: str) -> None:
            if stage == at:
                library.close()

    assert library.index(folder, progress=Closing(), workers=1).is_interrupted
    with pytest.raises(mvsearch.LibraryClosedError):
        library.videos()
    with mvsearch.open(tmp_path / "library") as again:
        assert len(again.videos()) < 3
