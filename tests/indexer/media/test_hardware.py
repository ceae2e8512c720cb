"""No device is needed here: a program that looks like ffmpeg stands for one that has hardware."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions, Features, analyse_file
from mvsearch.indexer.media import hardware
from mvsearch.indexer.media.decoding.types import DecodeOptions
from mvsearch.indexer.media.hardware import Hardware, list_methods
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.media.programs import find_program, passthrough_option
from tests.media import make_pattern

# Takes `-hwaccel fake` out of its words and notes it; and does it wrong where it is told to.
PROGRAM = """#!/usr/bin/env python3
import os, sys
words = sys.argv[1:]
if "-hwaccels" in words:
    print("Hardware acceleration methods:\\ncuda\\nfake\\n")
    sys.exit()
has_hardware = "-hwaccel" in words
with open({log!r}, "a") as log:
    log.write(("hardware" if has_hardware else "software") + " " + words[-5] + "\\n")
if has_hardware:
    at = words.index("-hwaccel")
    assert words[at + 1] == "fake" and at < words.index("-i")
    del words[at : at + 2]
    if {fault!r} == "no device":
        sys.exit("Device creation failed: -12.")
    if {fault!r} == "all" or ({fault!r} == "later" and "null" not in words):
        words[words.index("-i"):words.index("-i")] = ["-t", "3"]
        os.write(2, b"failed to decode picture\\n")
os.execv({real!r}, [{real!r}, *words])
"""


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pattern(tmp_path_factory.mktemp("hardware") / "a.mp4", 5, tone_hertz=440)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Puts the program before the real one; gives the file that it notes its runs in."""
    passthrough_option()
    real = shutil.which("ffmpeg")
    log = tmp_path / "log"

    def put(fault: str = "") -> Path:
        program = tmp_path / "programs" / "ffmpeg"
        program.parent.mkdir()
        program.write_text(PROGRAM.format(log=str(log), fault=fault, real=real))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        find_program.cache_clear()
        hardware._list_offered.cache_clear()
        return log

    time_trial = hardware._time_trial

    def weigh(path: Path, probe: Probe, options: DecodeOptions, method: str | None) -> float | None:
        """What a quiet machine would measure, of a trial that is made and may fail."""
        taken = time_trial(path, probe, options, method)
        return taken and (2.0 if method is None else 1.0)

    monkeypatch.setattr(hardware, "_time_trial", weigh)
    yield put
    find_program.cache_clear()
    hardware._list_offered.cache_clear()


def fake() -> Hardware:
    return Hardware(lambda: ("fake",))


def analyse(path: Path, chooser: Hardware | None) -> Features:
    return analyse_file(path, Encoders("toy"), AnalysisOptions(hardware=chooser))


def assert_same(one: Features, other: Features) -> None:
    for left, right in zip(one.embeddings, other.embeddings, strict=True):
        assert left.segments == right.segments
        assert left.vectors.tolist() == right.vectors.tolist()


def test_methods_are_those_that_ffmpeg_offers_and_a_device_is_there_for(
    tmp_path: Path, install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    monkeypatch.setattr(hardware, "SYSTEM_METHODS", {})
    device = tmp_path / "card0"
    files = {"fake": (str(device),), "cuda": (str(tmp_path / "none"),), "other": (str(device),)}
    monkeypatch.setattr(hardware, "DEVICE_FILES", files)
    assert list_methods() == ()
    device.touch()
    assert list_methods() == ("fake",)


def test_hardware_that_is_faster_is_tried_once_and_taken(
    song: Path, install: Callable[..., Path]
) -> None:
    without = analyse(song, None)
    log = install()
    chooser = fake()
    assert_same(analyse(song, chooser), without)
    assert_same(analyse(song, chooser), without)
    kinds = [line.split()[0] for line in log.read_text().splitlines()]
    assert kinds == ["software", "hardware", "hardware", "hardware"]


@pytest.mark.parametrize("fault", ["no device", "all"])
def test_hardware_that_fails_its_trial_is_not_taken(
    song: Path, install: Callable[..., Path], fault: str
) -> None:
    install(fault)
    assert fake().choose(song, probe_file(song), DecodeOptions()) is None


def test_nothing_is_tried_for_key_frames_or_without_a_picture(song: Path) -> None:
    def fail() -> tuple[str, ...]:
        raise AssertionError("it was tried")

    chooser, probe = Hardware(fail), probe_file(song)
    assert chooser.choose(song, probe, DecodeOptions(decoded="key")) is None
    assert chooser.choose(song, probe, DecodeOptions(wants_picture=False)) is None
    assert chooser.choose(song, replace(probe, picture=None), DecodeOptions()) is None


@pytest.mark.parametrize(("slower", "chosen"), [(1.2, None), (1.3, "fake")])
def test_a_gain_that_could_be_noise_is_none(
    song: Path, monkeypatch: pytest.MonkeyPatch, slower: float, chosen: str | None
) -> None:
    def time_trial(
        path: Path, probe: Probe, options: DecodeOptions, method: str | None
    ) -> float | None:
        return slower if method is None else 1.0

    monkeypatch.setattr(hardware, "_time_trial", time_trial)
    assert fake().choose(song, probe_file(song), DecodeOptions()) == chosen


def test_a_file_that_hardware_fails_on_is_done_in_software_and_so_are_the_next(
    song: Path, install: Callable[..., Path]
) -> None:
    without = analyse(song, None)
    log = install("later")
    chooser = fake()
    assert_same(analyse(song, chooser), without)
    assert_same(analyse(song, chooser), without)
    kinds = [line.split()[0] for line in log.read_text().splitlines()]
    assert kinds == ["software", "hardware", "hardware", "software", "software"]
