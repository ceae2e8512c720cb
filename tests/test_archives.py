"""What is handed out: all that runs, and in the source archive all that is tracked."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("indexer", "search", "store")
# What only a checkout needs.
NOT_IN_ARCHIVE = {".gitignore", ".pre-commit-config.yaml"}


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [name for name in names if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def built(tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel, built from a copy of what is tracked."""
    copy, built = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("built")
    for name in tracked:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    code = (
        "import sys; from setuptools import build_meta; place = sys.argv[1]\n"
        "build_meta.build_sdist(place); build_meta.build_wheel(place)"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(built)], cwd=copy, check=True, capture_output=True
    )
    return built


def test_the_source_archive_holds_all_that_is_tracked(built: Path, tracked: list[str]) -> None:
    (archive,) = built.glob("*.tar.gz")
    assert archive.name.startswith("music_video_search-")
    with tarfile.open(archive) as opened:
        held = {name.partition("/")[2] for name in opened.getnames()}
    assert set(tracked) - NOT_IN_ARCHIVE - held == set()


def test_the_wheel_holds_every_module(built: Path, tracked: list[str]) -> None:
    (wheel,) = built.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    ours = {name for name in tracked if name.split("/")[0] in PACKAGES or name == "cli.py"}
    assert ours - held == set()
    assert not {name for name in held if name.startswith(("tests", "benchmarks", "docs"))}
