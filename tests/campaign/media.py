"""Hostile files: a run over them ends, names those that it cannot use, and loses no good one."""

from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any

from tests.campaign import hostile, tasks
from tests.campaign.bases import Bases, make_bases
from tests.campaign.hostile import Made
from tests.campaign.planted import plant
from tests.campaign.processes import Limits, Outcome, run_task
from tests.campaign.tally import Finding, Tally

BATCH_SECONDS, FILE_SECONDS = 60.0, 20.0
PICTURE_SECONDS = 60.0
MAX_BYTES = 1 << 30


def prepare(folder: Path) -> Bases:
    """Make the good files that hostile ones are made of."""
    return make_bases(folder / "bases")


def run(tally: Tally, bases: Bases, folder: Path, seeds: range) -> None:
    """Index the files of some seeds together; where that ends badly, each by itself."""
    place = folder / f"media-{seeds.start}-{len(seeds)}"
    videos, home = place / "videos", place / "library"
    videos.mkdir(parents=True)
    made = [hostile.make_media(bases, videos, seed) for seed in seeds]
    limits = Limits(cpu_seconds=BATCH_SECONDS + FILE_SECONDS * len(seeds))
    outcome = run_task(tasks.index, home, videos, limits=limits)
    findings = judge(made, outcome)
    if not findings:
        findings = judge_again(made, outcome.value, run_task(tasks.index, home, videos))
    if not findings:
        findings = judge_shown(made, run_task(tasks.show, home))
    rmtree(place)
    if findings and len(seeds) > 1:
        return _run_alone(tally, bases, folder, seeds, findings)
    return tally.add(findings, n_tried=len(seeds), **count(outcome))


def _run_alone(
    tally: Tally, bases: Bases, folder: Path, seeds: range, together: Sequence[Finding]
) -> None:
    """Find the seeds that are at fault; where none is alone, what was found stands as it was."""
    n_before = len(tally.findings)
    for seed in seeds:
        run(tally, bases, folder, range(seed, seed + 1))
    if len(tally.findings) == n_before:
        tally.add(together, n_tried=0)


def judge(made: Sequence[Made], outcome: Outcome) -> list[Finding]:
    """What is wrong with a run over hostile files."""
    first = made[0]
    if outcome.status != "done":
        fault = "hang" if outcome.status == "hang" else "traceback"
        return [Finding(fault, "media", first.seed, first.path.name, outcome.text)]
    report: dict[str, Any] = outcome.value
    found = [
        Finding("traceback", "media", first.seed, first.path.name, said)
        for said in report["internal"]
    ]
    if outcome.peak_bytes > MAX_BYTES:
        detail = f"a process held {outcome.peak_bytes >> 20} MiB"
        found.append(Finding("growth", "media", first.seed, first.path.name, detail))
    for one in made:
        if one.is_good and one.path.name not in report["known"]:
            why = report["failures"].get(one.path.name, "without a word")
            found.append(Finding("lost", "media", one.seed, one.path.name, f"{one.kind}: {why}"))
    return found


def judge_again(made: Sequence[Made], report: dict[str, Any], outcome: Outcome) -> list[Finding]:
    """What is wrong with a second run, which must find nothing to do and forget nothing."""
    found = judge(made, outcome)
    if not found and (outcome.value["indexed"] or outcome.value["known"] != report["known"]):
        detail = f"the second run is not idle: {outcome.value['indexed']} indexed"
        found.append(Finding("lost", "media", made[0].seed, made[0].path.name, detail))
    return found


def judge_shown(made: Sequence[Made], outcome: Outcome) -> list[Finding]:
    """What is wrong with what the commands print of hostile names, tags and lines."""
    first = made[0]
    if outcome.status != "done":
        fault = "hang" if outcome.status == "hang" else "traceback"
        return [Finding(fault, "media", first.seed, first.path.name, outcome.text)]
    return [Finding("lost", "media", first.seed, first.path.name, said) for said in outcome.value]


def count(outcome: Outcome) -> dict[str, int]:
    """How many files were indexed, and refused by each code."""
    if outcome.status != "done":
        return {}
    codes = list(outcome.value["failures"].values())
    return {"indexed": outcome.value["indexed"], **{code: codes.count(code) for code in codes}}


def prepare_pictures(folder: Path) -> tuple[Bases, Path]:
    """Make good files, and a library that pictures are asked of."""
    home = plant(folder / "asked", 20)
    return make_bases(folder / "picture-bases"), home


def run_pictures(tally: Tally, context: tuple[Bases, Path], folder: Path, seeds: range) -> None:
    """Ask with each picture: it has an answer or a refusal of one line."""
    bases, home = context
    for seed in seeds:
        place = folder / f"picture-{seed}"
        place.mkdir()
        made = hostile.make_picture(bases, place, seed)
        limits = Limits(cpu_seconds=PICTURE_SECONDS)
        outcome = run_task(tasks.ask_picture, home, made.path, limits=limits)
        tally.add(judge_picture(made, outcome), **{outcome.status: 1})
        rmtree(place)


def judge_picture(made: Made, outcome: Outcome) -> list[Finding]:
    """What is wrong with an answer to a picture."""
    name = f"{made.kind} {made.path.name}"
    if outcome.is_fault:
        fault = "hang" if outcome.status == "hang" else "traceback"
        return [Finding(fault, "pictures", made.seed, name, outcome.text)]
    if "\n" in outcome.text:
        return [Finding("traceback", "pictures", made.seed, name, outcome.text)]
    if outcome.peak_bytes > MAX_BYTES:
        detail = f"a process held {outcome.peak_bytes >> 20} MiB"
        return [Finding("growth", "pictures", made.seed, name, detail)]
    return []
