"""A full disk: one plain line, nothing lost, and complete once there is room."""

import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import toy_library
from tests.campaign import tasks
from tests.campaign.processes import run_task
from tests.campaign.tally import Finding, Tally


class NoSmallDiskError(Exception):
    """This machine lets us mount nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of videos, and the library that an undisturbed run makes of it."""

    videos: Path
    expected: Path


@contextmanager
def mount(place: Path, kibibytes: int) -> Iterator[None]:
    """A file system in memory of a size, while the context lasts.

    Raises:
        NoSmallDiskError: it cannot be mounted here.
    """
    place.mkdir()
    _call("mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", place)
    try:
        yield
    finally:
        _call("umount", "-l", place)


def give_room(place: Path) -> None:
    """Make a mounted file system large enough for everything."""
    _call("mount", "-o", "remount,size=200m", place)


def _call(*words: str | Path) -> None:
    try:
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoSmallDiskError(str(error)) from error
    if done.returncode:
        raise NoSmallDiskError(done.stderr.strip() or f"{words[0]} failed")


def prepare(folder: Path) -> Folder:
    """Make the videos and the undisturbed library.

    Raises:
        NoSmallDiskError: there is nothing to try here.
    """
    with mount(folder / "trial", 100):
        pass
    videos, expected = toy_library.make_folder(folder / "disk-videos"), folder / "disk-expected"
    done = run_task(tasks.index, expected, videos)
    assert done.status == "done", done.text
    return Folder(videos, expected)


def run(tally: Tally, context: Folder, folder: Path, seeds: range) -> None:
    """Index onto a small disk, then onto the same with room."""
    for seed in seeds:
        place = folder / f"disk-{seed}"
        kibibytes = random.Random(f"disk {seed}").choice([40, 100, 160, 220, 280, 340, 400, 600])
        with mount(place, kibibytes):
            first = run_task(tasks.index, place / "library", context.videos)
            give_room(place)
            second = run_task(tasks.index, place / "library", context.videos)
            findings = []
            for outcome in (first, second):
                if outcome.is_fault or "\n" in outcome.text:
                    fault = "hang" if outcome.status == "hang" else "traceback"
                    findings.append(Finding(fault, "disk", seed, f"{kibibytes} kB", outcome.text))
                elif outcome.status == "done" and outcome.value["internal"]:
                    said = "\n".join(outcome.value["internal"])
                    findings.append(Finding("traceback", "disk", seed, f"{kibibytes} kB", said))
            if not findings and second.status == "refused":
                findings.append(Finding("lost", "disk", seed, f"{kibibytes} kB", second.text))
            if not findings:
                compared = run_task(tasks.compare_libraries, place / "library", context.expected)
                if compared.status != "done" or compared.value:
                    said = compared.text or str(compared.value)
                    findings.append(Finding("lost", "disk", seed, f"{kibibytes} kB", said))
            tally.add(findings, **{first.status: 1})
