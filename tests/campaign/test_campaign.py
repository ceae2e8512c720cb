"""A short version of every kind of trial, and the long one for those who ask for it."""

from pathlib import Path

import pytest

from tests.campaign import hostile, media, readers
from tests.campaign.__main__ import KINDS, Plan, main, run_kind
from tests.campaign.tally import Tally, format_table

FEW = {"media": 10, "pictures": 8, "kills": 5, "memory": 40, "damage": 8, "disk": 1}


def check(tally: Tally) -> None:
    if tally.skipped:
        pytest.skip(tally.skipped)
    assert not tally.findings, format_table([tally])


@pytest.mark.robustness
@pytest.mark.parametrize("name", FEW)
def test_a_few_of_each_kind_survive(name: str, tmp_path: Path) -> None:
    tally = run_kind(name, tmp_path, Plan(range(1, 1 + FEW[name]), jobs=1))
    check(tally)
    assert tally.tried == tally.survived == FEW[name]


@pytest.mark.robustness
def test_a_few_readers_survive_a_writer(tmp_path: Path) -> None:
    tally = Tally("readers")
    readers.run(tally, readers.prepare(tmp_path), tmp_path, range(40), n_readers=4)
    check(tally)
    assert tally.tried == 40
    assert tally.notes["changes"] > 0


def test_the_same_seed_makes_the_same_file(tmp_path: Path) -> None:
    bases = media.prepare(tmp_path)
    kinds = set()
    for seed in range(60):
        made = []
        for name in ("one", "other"):
            folder = tmp_path / f"{name}-{seed}"
            folder.mkdir()
            made.append(hostile.make_media(bases, folder, seed))
        kinds.add(made[0].kind)
        assert made[0].path.name == made[1].path.name
        if made[0].path.is_file() and not made[0].path.is_symlink():
            assert made[0].path.read_bytes() == made[1].path.read_bytes(), made[0].kind
    assert len(kinds) > 15


def test_every_odd_name_is_a_name() -> None:
    names = [name % b"h000001" + b".mp4" for name in hostile.NAMES]
    assert all(b"/" not in name and b"\0" not in name and len(name) < 256 for name in names)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert KINDS.keys() == FEW.keys() | {"readers"}


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_the_whole_campaign() -> None:
    assert main([]) == 0
