"""What is made once and kept: found again, told when damaged, and never half there."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mvsearch.indexer.encoders.networks.export_cache import (
    drop_damaged,
    load_cached,
    reading_through,
)
from mvsearch.store.errors import MvsearchError

Make = Callable[[Path], None]
PARTS = {"network.onnx": b"a graph", "network.onnx.data": b"its weights"}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    return tmp_path / "exported"


def make(folder: Path) -> None:
    for name, content in PARTS.items():
        (folder / name).write_bytes(content)


def fail(folder: Path) -> None:
    raise AssertionError("made again")


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}


def rot(path: Path) -> None:
    """Change a byte of a file whose size and time stand, as a disk does that loses bits."""
    before, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_what_was_made_is_read_the_next_time(cache: Path) -> None:
    assert load_cached("net-1", make, read) == PARTS
    assert load_cached("net-1", fail, read) == PARTS
    other = load_cached("net-1-v2", lambda folder: (folder / "x").touch(), read)
    assert other == {"x": b""}
    assert load_cached("net-1", fail, read) == PARTS


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("damage", [b"", b"a grap", b"A GRAPH", b"its weights!", None])
def test_a_damaged_folder_is_made_anew_and_never_read(
    cache: Path, name: str, damage: bytes | None
) -> None:
    load_cached("net-1", make, read)
    (folder,) = cache.iterdir()
    if damage is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(damage)
    seen: list[dict[str, bytes]] = []
    load_cached("net-1", make, lambda place: seen.append(read(place)))
    assert seen == [PARTS]
    assert [read(place) for place in cache.iterdir()] == [PARTS]


def test_files_that_stand_are_read_once_to_be_checked(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        load_cached("net-1", make, read)
    monkeypatch.setattr(
        "mvsearch.indexer.encoders.networks.files.checkpoints.compute_sha256",
        lambda path: pytest.fail(f"{path} was read"),
    )
    assert load_cached("net-1", fail, read) == PARTS


@pytest.mark.parametrize("name", [*PARTS, "sha256.json"])
def test_bits_lost_are_seen_by_who_reads_through_and_told_by_the_file(
    cache: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        load_cached("net-1", make, read)
    (folder,) = cache.iterdir()
    rot(folder / name)
    load_cached("net-1", fail, read)
    assert caplog.messages == []
    with reading_through():
        assert load_cached("net-1", make, read) == PARTS
    named = folder / name if name in PARTS else folder
    assert caplog.messages == [f"{named} is damaged and is made again"]
    assert load_cached("net-1", fail, read) == PARTS
    with reading_through():
        assert load_cached("net-1", fail, read) == PARTS


def test_what_cannot_be_loaded_is_read_through_and_made_anew(cache: Path) -> None:
    for _ in range(2):
        load_cached("net-1", make, read)
    (folder,) = cache.iterdir()
    rot(folder / "network.onnx")

    def load(place: Path) -> dict[str, bytes]:
        if read(place) != PARTS:
            raise ValueError("no such operator")
        return read(place)

    assert load_cached("net-1", make, load) == PARTS


def test_what_is_whole_and_cannot_be_loaded_is_kept(cache: Path) -> None:
    def refuse(place: Path) -> None:
        raise ValueError("no such operator")

    with pytest.raises(ValueError, match="no such operator"):
        load_cached("net-1", make, refuse)
    assert not drop_damaged("net-1")
    assert load_cached("net-1", fail, read) == PARTS


def test_contents_that_change_names_are_damage(cache: Path) -> None:
    load_cached("net-1", make, read)
    (folder,) = cache.iterdir()
    (folder / "network.onnx").rename(folder / "network.onnx2")
    assert load_cached("net-1", make, read) == PARTS


def test_those_who_race_get_the_same_and_leave_nothing_behind(cache: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_cached("net-1", make, read), range(32)))
    assert made == [PARTS] * 32
    assert len(list(cache.iterdir())) == 1


def test_who_was_slower_than_another_process_takes_what_is_there(cache: Path) -> None:
    def make_beside_another(folder: Path) -> None:
        load_cached("net-1", make, read)
        make(folder)

    assert load_cached("net-1", make_beside_another, read) == PARTS
    assert len(list(cache.iterdir())) == 1


def test_what_fails_to_be_made_leaves_nothing(cache: Path) -> None:
    def fail_midway(folder: Path) -> None:
        make(folder)
        raise RuntimeError("no such layer")

    with pytest.raises(RuntimeError, match="no such layer"):
        load_cached("net-1", fail_midway, read)
    assert list(cache.iterdir()) == []


def test_what_a_killed_process_left_goes_and_what_another_is_making_stays(cache: Path) -> None:
    for name, age_seconds in ((".killed.part", 2 * 3600), (".busy.part", 60)):
        folder = cache / name
        folder.mkdir(parents=True)
        make(folder)
        os.utime(folder, (time.time() - age_seconds,) * 2)
    load_cached("net-1", make, read)
    assert [path.name for path in cache.glob(".*")] == [".busy.part"]


def test_a_cache_that_cannot_be_written_is_told(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(MvsearchError, match="point MVSEARCH_MODELS elsewhere"):
        load_cached("net-1", make, read)
