import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from mvsearch.store.distribution import DISTRIBUTION, LEFT_OUT, name_install, read_version

ROOT = Path(__file__).parents[2]
# pip must never be told to fetch by the command's name: the registry has another's under it.
STRANGERS = re.compile(r"""(?<![-\w])mvsearch(\[|['"]?\s*==)""")


def _never(name: str) -> str:
    raise PackageNotFoundError(name)


def test_the_name_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == DISTRIBUTION
    assert project["scripts"] == {"mvsearch": "mvsearch.cli:main"}


def test_an_extra_is_named_by_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", {DISTRIBUTION: "1.2"}.__getitem__)
    assert read_version() == "1.2"
    assert name_install("faster") == "pip install 'music-video-search[faster]'"


def test_a_folder_that_is_not_installed_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", _never)
    assert read_version() is None
    assert name_install("metrics") == "pip install '.[metrics]'"


def test_the_version_is_told_though_nothing_is_installed() -> None:
    code = "import sys; from mvsearch import cli; sys.argv = ['mvsearch', '--version']; cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("mvsearch ")


@pytest.mark.parametrize("pattern", ["*.md", "docs/*.md", "*.py", "*/**/*.py", "Makefile", ".ci/*"])
def test_nothing_tells_to_install_a_strangers_package(pattern: str) -> None:
    ours = [path for path in ROOT.glob(pattern) if ".venv" not in path.parts]
    ours = [path for path in ours if path.name != Path(__file__).name]
    assert ours
    assert [str(path) for path in ours if STRANGERS.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("module", ["torch", "transformers.models", "whisper"])
def test_what_a_light_installation_lacks_is_told_in_one_line(module: str) -> None:
    code = (
        "import sys, typer; from mvsearch.search.commands.process import run_app\n"
        f"sys.modules.update(dict.fromkeys({sorted(LEFT_OUT)!r})); app = typer.Typer()\n"
        f"@app.command()\ndef work() -> None:\n    import {module}\n"
        "sys.exit(run_app(app))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(f"mvsearch: {module} is not installed.*pip install .*\n", done.stderr)


def test_what_is_left_out_is_what_the_light_list_lacks() -> None:
    listed = {line.partition("==")[0] for line in (ROOT / "light.txt").read_text().splitlines()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {re.split("[<>=]", line)[0].replace("_", "-") for line in project["dependencies"]}
    lacking = {name.removeprefix("openai-").replace("-", "_") for name in asked - listed}
    # torchvision is there for the names of its classes, and does not load.
    assert lacking | {"torchvision"} == LEFT_OUT
