"""Readers beside a writer: each answer must be that of one state; and many quiet searches."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, rmtree

from tests.campaign import tasks
from tests.campaign.planted import Answer, plant
from tests.campaign.processes import Limits, Outcome, run_task
from tests.campaign.tally import Fault, Finding, Tally

N_READERS = 20
N_VIDEOS = 30
GOING = (3, 11, 19)
# What Python and the libraries may come to hold after their first searches.
MORE_BYTES, MORE_SHARE = 16 << 20, 0.1


@dataclass(frozen=True, slots=True)
class States:
    """A library, and the answers of it and of it without each of the videos that come and go."""

    home: Path
    answers: tuple[tuple[Answer, ...], ...]


def prepare(folder: Path, going: Sequence[int] = GOING) -> States:
    """Make the library, and one beside it without each of the videos that come and go."""
    answers = []
    for number in (None, *going):
        without = () if number is None else (number,)
        state = plant(folder / f"without-{number}", N_VIDEOS, without)
        asked = run_task(tasks.ask_all, state)
        assert asked.status == "done", asked.text
        answers.append(tuple(asked.value))
    return States(folder / "without-None", tuple(answers))


def run(
    tally: Tally, states: States, folder: Path, seeds: range, n_readers: int = N_READERS
) -> None:
    """Make as many searches as there are seeds, beside a writer that removes and adds."""
    home, stop = folder / f"read-{seeds.start}", folder / f"stop-{seeds.start}"
    copytree(states.home, home)
    each = max(1, len(seeds) // n_readers)
    limits = Limits(cpu_seconds=120.0 + 2.0 * each)
    with ThreadPoolExecutor(n_readers + 1) as pool:
        writer = pool.submit(
            run_task, tasks.come_and_go, home, GOING, stop, limits=Limits(cpu_seconds=1e9)
        )
        readers = [
            pool.submit(
                run_task, tasks.read, home, states.answers, each, seeds.start + n, limits=limits
            )
            for n in range(n_readers)
        ]
        outcomes = [reader.result() for reader in readers]
        stop.touch()
        written = writer.result()
    findings = [each for n, one in enumerate(outcomes) for each in judge(seeds.start + n, one)]
    findings += judge_writer(seeds.start, written)
    if not findings:
        compared = run_task(tasks.compare_libraries, home, states.home)
        if compared.status != "done" or compared.value:
            detail = compared.text or str(compared.value)
            findings.append(Finding("lost", "readers", seeds.start, "afterwards", detail))
    tally.add(findings, n_tried=each * n_readers, changes=written.value or 0)
    rmtree(home)


def judge(seed: int, outcome: Outcome) -> list[Finding]:
    """What is wrong with what a reader saw."""
    if outcome.status != "done":
        fault: Fault = "hang" if outcome.status == "hang" else "traceback"
        return [Finding(fault, "readers", seed, "reader", outcome.text)]
    return [Finding("lost", "readers", seed, "answer", said) for said in outcome.value["wrong"]]


def judge_writer(seed: int, outcome: Outcome) -> list[Finding]:
    """What is wrong with how the writer ended."""
    if outcome.status == "done" and outcome.value > 0:
        return []
    fault: Fault = "hang" if outcome.status == "hang" else "traceback"
    return [Finding(fault, "readers", seed, "writer", outcome.text or "it changed nothing")]


def prepare_quiet(folder: Path) -> States:
    """Make the library alone: nobody changes it."""
    return prepare(folder, ())


def run_quiet(tally: Tally, states: States, folder: Path, seeds: range) -> None:
    """Make all searches in one process, whose memory must stay as it is after the first tenth."""
    limits = Limits(cpu_seconds=120.0 + 2.0 * len(seeds))
    outcome = run_task(
        tasks.read, states.home, states.answers, len(seeds), seeds.start, limits=limits
    )
    findings = judge(seeds.start, outcome)
    if not findings:
        findings = judge_growth(seeds.start, outcome.value["held_bytes"])
        tally.add(n_tried=0, MiB=max(outcome.value["held_bytes"]) >> 20)
    tally.add(findings, n_tried=len(seeds))


def judge_growth(seed: int, held_bytes: Sequence[int]) -> list[Finding]:
    """Whether a process grew: what it held after a tenth of its searches, then at its end."""
    early, late = held_bytes[0], held_bytes[-1]
    if late - early <= max(MORE_BYTES, MORE_SHARE * early):
        return []
    detail = f"{early >> 20} MiB, then {late >> 20} MiB"
    return [Finding("growth", "memory", seed, "searches", detail)]
