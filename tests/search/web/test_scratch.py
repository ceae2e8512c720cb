"""What killed servers leave in the temporary folder is removed, and nothing else."""

import tempfile
from pathlib import Path

import pytest

from mvsearch.search.web.scratch import LOCK, PREFIX, ScratchFolder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make_left(folder: Path) -> Path:
    """A folder as a killed server leaves it: its lock is there, and held by nobody."""
    folder.mkdir(mode=0o700)
    (folder / LOCK).touch()
    (folder / "1.mp4").write_bytes(b"x")
    return folder


def test_a_folder_goes_with_its_server(temporary: Path) -> None:
    scratch = ScratchFolder()
    assert scratch.path.parent == temporary
    with scratch.subfolder() as made:
        assert made.parent == scratch.path
    assert not made.exists()
    scratch.close()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_server_left_goes_and_what_is_in_use_stays(temporary: Path) -> None:
    used = ScratchFolder()
    (used.path / "1.mp4").write_bytes(b"x")
    left = make_left(temporary / f"{PREFIX}left")
    other = ScratchFolder()
    assert not left.exists()
    assert (used.path / "1.mp4").exists()
    other.close()
    used.close()


def test_links_and_the_folders_of_others_stay(temporary: Path) -> None:
    target = make_left(temporary / "target")
    (temporary / f"{PREFIX}link").symlink_to(target)
    shared = make_left(temporary / f"{PREFIX}shared")
    shared.chmod(0o777)
    unlocked = make_left(temporary / f"{PREFIX}unlocked")
    (unlocked / LOCK).unlink()
    (temporary / f"{PREFIX}file").touch()
    before = sorted(temporary.rglob("*"))
    ScratchFolder().close()
    assert sorted(temporary.rglob("*")) == before
