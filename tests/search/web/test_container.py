"""The container's files against the project: nothing here builds an image."""

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from dockerfile_parse import DockerfileParser
from starlette.testclient import TestClient
from typer.main import get_command

from mvsearch.cli import app
from mvsearch.search.web.options import DEFAULT_PORT

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile and their values, in order."""
    with (ROOT / "Dockerfile").open("rb") as file:
        return [(s["instruction"], s["value"]) for s in DockerfileParser(fileobj=file).structure]


def find(steps: list[tuple[str, str]], name: str) -> list[str]:
    return [value for instruction, value in steps if instruction == name]


def is_sent(path: str) -> bool:
    """Whether `.dockerignore` leaves a path in; its last line that matches decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            if fnmatch(path, pattern) or path.startswith(f"{pattern}/"):
                sent = line.startswith("!")
    return sent


def test_what_is_copied_is_sent_and_is_all_of_the_package(steps: list[tuple[str, str]]) -> None:
    copied = [
        word
        for value in find(steps, "COPY")
        if not value.startswith("--from")
        for word in shlex.split(value)[:-1]
    ]
    assert [path for path in copied if not (ROOT / path).exists() or not is_sent(path)] == []
    tracked = subprocess.run(
        ["git", "ls-files", "indexer", "search", "store", "*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    outside = {"benchmarks", "docs", "tests", ".ci"}
    packaged = {path for path in tracked if path.split("/")[0] not in outside}
    assert packaged
    copied_files = {p for p in packaged if any(p == c or p.startswith(f"{c}/") for c in copied)}
    assert copied_files == packaged
    assert not any(map(is_sent, ("tests", ".git", ".venv", "data")))


def test_the_packages_are_those_of_a_light_installation_with_server_postgres_and_whisper() -> None:
    def read(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    container, light = read("container.txt"), read("light.txt")
    assert light <= container <= read("constraints.txt") | read("scale.txt") | light
    extras = PROJECT["optional-dependencies"]
    asked = {
        re.split(r"[\[<>=]", line)[0]
        for extra in ("postgres", "web", "whisper")
        for line in extras[extra]
    }
    assert asked <= {line.partition("==")[0] for line in container}
    assert not any(line.startswith("torch==") for line in container)


def test_it_runs_without_privileges_and_is_asked_where_it_listens(
    steps: list[tuple[str, str]], connect: Callable[..., TestClient]
) -> None:
    assert int(find(steps, "USER")[-1].split(":")[0]) > 0
    assert find(steps, "EXPOSE") == [str(DEFAULT_PORT)]
    (check,) = find(steps, "HEALTHCHECK")
    script = json.loads(check[check.index("[") :])[2]
    compile(script, "HEALTHCHECK", "exec")
    path = re.search(rf"http://127\.0\.0\.1:{DEFAULT_PORT}(/\w+)", script)
    assert path is not None
    asking = connect(host="0.0.0.0", token="correct-horse-battery")
    assert asking.get(path[1], headers={"Host": f"127.0.0.1:{DEFAULT_PORT}"}).status_code == 200


def test_its_command_and_its_variables_are_known(steps: list[tuple[str, str]]) -> None:
    name, *options = json.loads(find(steps, "CMD")[-1])
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    context = command.make_context(name, options)
    assert context.params["host"] == "0.0.0.0"
    source = "".join(p.read_text() for f in ("store", "indexer") for p in (ROOT / f).rglob("*.py"))
    variables = re.findall(r"MVSEARCH_\w+", " ".join(find(steps, "ENV")))
    assert variables
    assert all(f'"{variable}"' in source for variable in variables)


def test_compose_mounts_videos_read_only_and_keeps_what_is_written(
    steps: list[tuple[str, str]],
) -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    service = compose["services"]["mvsearch"]
    videos, library = service["volumes"]
    (kept,) = json.loads(find(steps, "VOLUME")[0])
    root = json.loads(find(steps, "CMD")[-1])[-1]
    assert videos.endswith(f":{root}:ro")
    assert library == f"{next(iter(compose['volumes']))}:{kept}"
    places = re.findall(r"MVSEARCH_(?:LIBRARY|MODELS)=(\S+)", " ".join(find(steps, "ENV")))
    assert len(places) == 2
    assert all(place.startswith(f"{kept}/") for place in places)
    assert service["ports"] == [f"127.0.0.1:{DEFAULT_PORT}:{DEFAULT_PORT}"]
    assert not service.get("privileged")
    assert f"exec {next(iter(compose['services']))} mvsearch" in (ROOT / "docs/web.md").read_text()
