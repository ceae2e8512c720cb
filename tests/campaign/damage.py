"""Damaged and hostile libraries: a right answer or one plain line, and no file outside changes."""

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, rmtree

from tests import damage as catalogues
from tests.campaign import tasks
from tests.campaign.planted import Answer, is_same, plant
from tests.campaign.processes import Limits, run_task
from tests.campaign.tally import Finding, Tally

N_VIDEOS = 12
CPU_SECONDS = 60.0
HOSTILE = (
    None, "", "x", -1, 0, 2**63 - 1, 1e308, float("inf"), b"", b"\x00" * 7, b"\xff\xfe" * 40,
    "a\nb", "{", "[]", '{"a": 1}', "[1, 2]", "null", "x" * 100_000, "\x1b[31m", "../../etc/passwd",
    "toy-frames@9", "done", "frames",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whole:
    """A library with its caches, and its answers."""

    home: Path
    answers: list[Answer]


def prepare(folder: Path) -> Whole:
    """Plant a library and make its caches."""
    home = plant(folder / "whole", N_VIDEOS)
    asked = run_task(tasks.examine, home)
    assert asked.status == "done", asked.text
    return Whole(home, asked.value)


def run(tally: Tally, whole: Whole, folder: Path, seeds: range) -> None:
    """Damage a copy for each seed, and ask it everything."""
    for seed in seeds:
        place = folder / f"damage-{seed}"
        copytree(whole.home, place / "library")
        victim = place / "victim"
        victim.write_bytes(b"of the user")
        kind, is_cache = damage(place / "library", victim, seed)
        outcome = run_task(tasks.examine, place / "library", limits=Limits(CPU_SECONDS))
        findings, note = [], str(outcome.status)
        if outcome.is_fault:
            fault = "hang" if outcome.status == "hang" else "traceback"
            findings.append(Finding(fault, "damage", seed, kind, outcome.text))
        elif outcome.status == "refused" and "\n" in outcome.text:
            findings.append(Finding("traceback", "damage", seed, kind, outcome.text))
        elif outcome.status == "done":
            pairs = zip(outcome.value, whole.answers, strict=True)
            note = "same" if all(is_same(*pair) for pair in pairs) else "other answer"
            if is_cache and note != "same":
                findings.append(Finding("lost", "damage", seed, kind, "another answer"))
        if victim.read_bytes() != b"of the user":
            findings.append(Finding("lost", "damage", seed, kind, "a file outside was changed"))
        tally.add(findings, **{note: 1})
        rmtree(place)


def damage(home: Path, victim: Path, seed: int) -> tuple[str, bool]:
    """Damage a library by a seed: what was done, and whether to what can be made again."""
    rng = random.Random(f"damage {seed}")
    catalogue = home / "catalog.sqlite3"
    part = rng.randrange(5)
    if part == 0:
        return f"catalogue {_damage_file(rng, catalogue, victim)}", False
    if part == 1:
        return f"catalogue: {_edit(rng, catalogue)}", False
    if part == 2:
        name = rng.choice(sorted(catalogues.EDITS))
        catalogues.edit(home, name)
        return f"catalogue: {name}", False
    files = sorted(path for path in (home / "vectors").rglob("*") if path.is_file())
    file = rng.choice(files)
    return f"{file.name} {_damage_file(rng, file, victim)}", True


def _flip(rng: random.Random, file: Path, victim: Path) -> None:
    content = bytearray(file.read_bytes() or b"\0")
    for _ in range(rng.choice([1, 3, 40])):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)


def _blank(rng: random.Random, file: Path, victim: Path) -> None:
    content = file.read_bytes()
    at = rng.randrange(max(1, len(content))) // 4096 * 4096
    file.write_bytes(content[:at] + bytes(len(content[at : at + 4096])) + content[at + 4096 :])


def _cut(rng: random.Random, file: Path, victim: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: rng.randrange(len(content) + 1)])


def _lengthen(rng: random.Random, file: Path, victim: Path) -> None:
    file.write_bytes(file.read_bytes() + rng.randbytes(rng.choice([1, 512, 5000])))


def _replace(rng: random.Random, file: Path, victim: Path) -> None:
    content = rng.choice([b"", b"{}", b"[]", b"null", rng.randbytes(9000), b"SQLite format 3\0"])
    file.write_bytes(content)


def _remove(rng: random.Random, file: Path, victim: Path) -> None:
    file.unlink()


def _make_folder(rng: random.Random, file: Path, victim: Path) -> None:
    file.unlink()
    file.mkdir()


def _link(rng: random.Random, file: Path, victim: Path) -> None:
    file.unlink()
    file.symlink_to(rng.choice([victim, "/dev/zero", file.name]))


def _make_pipe(rng: random.Random, file: Path, victim: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _plant_links(rng: random.Random, file: Path, victim: Path) -> None:
    """Links where a writer might make its next file, and an index that must be made anew."""
    for ending in (".new", ".tmp", ".part", ".new.f16", "~"):
        (file.parent / f"{file.name}{ending}").symlink_to(victim)
        (file.parent / f"{file.stem}{ending}").symlink_to(victim)
    file.unlink()


WAYS: dict[str, Callable[[random.Random, Path, Path], None]] = {
    "flipped": _flip,
    "blanked": _blank,
    "cut": _cut,
    "lengthened": _lengthen,
    "replaced": _replace,
    "removed": _remove,
    "a folder": _make_folder,
    "a link": _link,
    "a pipe": _make_pipe,
    "links beside it": _plant_links,
}


def _damage_file(rng: random.Random, file: Path, victim: Path) -> str:
    way = rng.choice(sorted(WAYS))
    WAYS[way](rng, file, victim)
    return way


def _edit(rng: random.Random, catalogue: Path) -> str:
    """Change a column of some rows to what never stands there, as only another program would."""
    with closing(sqlite3.connect(catalogue)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        tables = [
            name
            for name, sql in connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
            )
            if "VIRTUAL" not in sql and not name.startswith(("sqlite_", "lyric_word", "lyric_gram"))
        ]
        table = rng.choice(tables)
        column = rng.choice([row[1] for row in connection.execute(f"PRAGMA table_info({table})")])
        value = rng.choice(HOSTILE)
        try:
            with connection:
                connection.execute(
                    f'UPDATE OR IGNORE "{table}" SET "{column}" = ?'
                    f" WHERE rowid % {rng.choice([1, 3])} = 0",
                    (value,),
                )
        except sqlite3.Error as error:
            return f"{table}.{column} keeps its value: {error}"
    return f"{table}.{column} = {str(value)[:40]!r}"
