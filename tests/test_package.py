"""What is handed out holds all that runs, and runs where it is installed, lightly and alone."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests import media
from tests.test_light import FORBIDDEN
from tests.test_privacy import list_left, make_environment, trace_network

ROOT = Path(__file__).parents[1]
PACKAGED = ("__init__.py", "cli.py", "indexer", "search", "store")
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


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


def test_the_source_archive_holds_all_that_is_tracked(built: Path, tracked: list[str]) -> None:
    (archive,) = built.glob("*.tar.gz")
    assert archive.name.startswith("music_video_search-")
    with tarfile.open(archive) as opened:
        held = {name.partition("/")[2] for name in opened.getnames()}
    assert set(tracked) - NOT_IN_ARCHIVE - held == set()


def test_the_wheel_holds_every_module(wheel: Path, tracked: list[str]) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    ours = {f"mvsearch/{name}" for name in tracked if name.partition("/")[0] in PACKAGED}
    assert ours - held == set()


def test_the_wheel_holds_nothing_but_the_package(wheel: Path) -> None:
    held = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in held}
    (metadata,) = tops - {"mvsearch"}
    assert metadata.startswith("music_video_search-")
    assert metadata.endswith(".dist-info")
    second = {name.split("/")[1] for name in held if name.startswith("mvsearch/")}
    assert second == set(PACKAGED)


def test_every_folder_with_modules_is_listed_as_a_package(tracked: list[str]) -> None:
    with (ROOT / "pyproject.toml").open("rb") as opened:
        listed = tomllib.load(opened)["tool"]["setuptools"]["packages"]
    folders = {
        "mvsearch." + ".".join(Path(name).parts[:-1])
        for name in tracked
        if name.endswith(".py") and name.partition("/")[0] in {"indexer", "search", "store"}
    }
    assert listed == sorted({"mvsearch"} | folders)


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel in it, and what it needs from this one."""
    place = tmp_path_factory.mktemp("bare") / "venv"
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/*/site-packages")
    # A path file's folder is searched, but the path files in it are not read: no editable install.
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", place / "bin/python", "--no-cache-dir"]
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check", "--force"]
    subprocess.run([*pip, "install", *options, wheel], check=True, capture_output=True)
    return place / "bin"


# One process does all, as each would take seconds to import the same modules.
INDEX_AND_SEARCH = """
import pathlib
import sys
sys.modules.update(dict.fromkeys(sys.argv[1].split()))
import mvsearch
from mvsearch import cli
from mvsearch.search.commands.process import run_app

print(mvsearch.__file__)
for words in ("index", "videos"), ("search", "--image", "q.png"):
    sys.argv = ["mvsearch", *words]
    print("exit code", run_app(cli.app))
with mvsearch.open("home/library") as library:
    picture = pathlib.Path("q.png").read_bytes()
    for part in {"image": picture}, {"lyric": "a line to find"}, {"text": "a dog"}:
        print(library.search(**part)[0].video.title)
"""


def test_a_light_installation_indexes_and_finds_writes_nothing_elsewhere_and_asks_nobody(
    bare: Path, tmp_path: Path
) -> None:
    for name in ("search", "store", "indexer", "cli"):  # modules of other people, found first
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of somebody else')\n")
    home, videos, trace = tmp_path / "home", tmp_path / "videos", tmp_path / "trace"
    (home / "tmp").mkdir(parents=True)
    videos.mkdir()
    media.make_pattern(videos / "Ada - Song.mp4", 3, tone_hertz=440)
    subtitles = "1\n00:00:01,000 --> 00:00:02,000\na line to find\n"
    (videos / "Ada - Song.srt").write_text(subtitles)
    media.make_picture(tmp_path / "q.png")
    # Networks are exported here, without torch.
    models = {"MVSEARCH_MODELS": str(home / ".cache/mvsearch/models")}
    environment = make_environment(home) | models | {"PYTHONPATH": str(tmp_path)}
    version = subprocess.run(
        [bare / "mvsearch", "--version"], env=environment, check=True, capture_output=True
    )
    assert version.stdout
    command = [bare / "python", "-c", INDEX_AND_SEARCH, " ".join(FORBIDDEN)]
    done = subprocess.run(
        [*trace_network(trace), *command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    indexed, searched, found = done.stdout.split("exit code 0\n")
    where, _, counted = indexed.partition("\n")
    assert Path(where).is_relative_to(bare.parent)
    assert counted[:9] == "1 indexed", done.stderr
    assert "Ada - Song" in searched
    assert found.split() == ["Song"] * 3
    assert list_left(home) == []
    if trace.exists():
        assert [line for line in trace.read_text().splitlines() if "AF_INET" in line] == []
