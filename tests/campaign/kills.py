"""`kill -9` at any moment of an act, which is then done again and held against an undisturbed one.

The moment is a share, drawn by the seed, of the processor time that the act takes undisturbed.
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import toy_library
from tests.campaign import tasks
from tests.campaign.planted import plant
from tests.campaign.processes import Limits, Outcome, run_task
from tests.campaign.tally import Finding, Tally

N_VIDEOS = 60


@dataclass(frozen=True, slots=True)
class Act:
    """What is killed.

    Attributes:
        task: a function of (place, *given); doing it again completes it.
        start: the folder that every trial begins with a copy of.
        expected: what a copy is after one undisturbed act.
        compare: a task that says how two places differ; None where they do not.
        cpu_seconds: that the undisturbed act took.
    """

    name: str
    task: Callable[..., Any]
    given: tuple[Any, ...]
    start: Path
    expected: Path
    compare: Callable[[Path, Path], str | None]
    cpu_seconds: float


def prepare(folder: Path) -> list[Act]:
    """Make what the acts begin with and do each once, undisturbed.

    Raises:
        AssertionError: an undisturbed act fails; nothing can be compared with it.
    """
    videos = toy_library.make_folder(folder / "videos")
    (videos / "broken.mp4").write_bytes(bytes(5000))
    nothing = folder / "nothing"
    nothing.mkdir(parents=True)
    planted = plant(folder / "planted", N_VIDEOS)
    old = folder / "old"
    shutil.copytree(planted, old)
    _do(tasks.downgrade, old, "0001")
    warm = folder / "warm"
    shutil.copytree(planted, warm)
    _do(tasks.build_caches, warm)
    few = tuple(range(0, N_VIDEOS, 9))
    plans: list[tuple[str, Callable[..., Any], tuple[Any, ...], Path]] = [
        ("index", tasks.index, (videos,), nothing),
        ("caches", tasks.build_caches, (), planted),
        ("removal", tasks.remove, (few,), warm),
        ("migration", tasks.build_caches, (), old),
        ("export", tasks.export, (), nothing),
    ]
    return [_prepare_act(folder, *plan) for plan in plans]


def _prepare_act(
    folder: Path, name: str, task: Callable[..., Any], given: tuple[Any, ...], start: Path
) -> Act:
    expected = folder / f"{name}-expected"
    shutil.copytree(start, expected)
    done = _do(task, expected, *given)
    compare = tasks.compare_files if name == "export" else tasks.compare_libraries
    return Act(name, task, given, start, expected, compare, done.cpu_seconds)


def _do(task: Callable[..., Any], *given: Any) -> Outcome:
    done = run_task(task, *given)
    assert done.status == "done", done.text
    return done


def try_kill(act: Act, folder: Path, seed: int) -> tuple[list[Finding], bool]:
    """One trial: the findings, and whether the process was killed before it was done."""
    place = folder / f"{act.name}-{seed}"
    shutil.copytree(act.start, place)
    share = random.Random(seed).uniform(0.02, 1.0)
    killed = run_task(act.task, place, *act.given, limits=Limits(kill_at=share * act.cpu_seconds))
    outcomes = [killed, run_task(act.task, place, *act.given)]
    findings = [judge(act.name, seed, outcome) for outcome in outcomes]
    if not any(findings):
        compared = run_task(act.compare, place, act.expected)
        findings.append(judge(act.name, seed, compared))
        if compared.status == "done" and compared.value is not None:
            findings.append(Finding("lost", "kills", seed, act.name, compared.value))
    shutil.rmtree(place)
    return [finding for finding in findings if finding], killed.status == "killed"


def judge(name: str, seed: int, outcome: Outcome) -> Finding | None:
    """What is wrong with an act or its repetition, where something is; a refusal is."""
    if outcome.status in ("done", "killed"):
        return None
    fault = "hang" if outcome.status == "hang" else "traceback"
    return Finding(fault, "kills", seed, name, outcome.text)


def run(tally: Tally, acts: list[Act], folder: Path, seeds: range) -> None:
    """Kill the acts in turn, an act a seed; a seed counts as tried where it was killed."""
    for seed in seeds:
        act = acts[seed % len(acts)]
        findings, was_killed = try_kill(act, folder, seed)
        tally.add(findings, **{act.name: 1, "in time": int(was_killed)})
