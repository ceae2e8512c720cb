"""The example files for proxies, by the proxies themselves where they are installed."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import httpx2
import pytest
import yaml
from typer.main import get_command

import mvsearch
from mvsearch.cli import app
from mvsearch.search.web.access.guard import MAX_BODY_BYTES
from mvsearch.search.web.app import make_app
from mvsearch.search.web.jobs import works
from mvsearch.search.web.options import WebOptions
from tests import toy_library
from tests.limits import HANG_SECONDS
from tests.servers.postgres import find_port
from tests.serving import serving_app

ROOT = Path(__file__).parents[4]
FILES = ROOT / "docs/serving"
HOST = {"Host": "videos.example"}


def write_nginx(folder: Path, port: int, server: str) -> list[str]:
    """The example without TLS at a port of this machine; the command that starts it."""
    text = (FILES / "nginx.conf").read_text()
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    text = re.sub(r"\n *ssl_\w+ [^;]+;", "", text)
    first, *_ = re.findall(r"server (10\.0\.0\.\d+:\d+)", text)
    text = re.sub(r"\n *server 10\.0\.0\.(12|13):\d+ [^;]+;", "", text).replace(first, server)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    file.write_text(
        f"{user}pid {folder}/pid; error_log {folder}/log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{text}\n}}\n"
    )
    return ["nginx", "-p", str(folder), "-c", str(file), "-e", f"{folder}/log", "-g", "daemon off;"]


def write_caddy(folder: Path, port: int, server: str) -> list[str]:
    """The example without TLS at a port of this machine; the command that starts it."""
    text = (FILES / "Caddyfile").read_text()
    text = text.replace("videos.example {", f"http://videos.example:{port} {{")
    text = re.sub(r"10\.0\.0\.11:8765 .*13:8765", server, text)
    file = folder / "Caddyfile"
    file.write_text(f"{{\n\tadmin off\n}}\n{text}")
    return ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]


WAYS = {"nginx": write_nginx, "caddy": write_caddy}


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """A proxy, from when it accepts connections."""
    environment = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "out").open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        until = time.monotonic() + HANG_SECONDS
        while True:
            assert process.poll() is None, (folder / "out").read_text()
            assert time.monotonic() < until
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(HANG_SECONDS)


@pytest.mark.postgres
@pytest.mark.parametrize("name", WAYS)
def test_a_proxy_passes_on_ranges_events_and_limits(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    home = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    may_end = threading.Event()

    def wait(*_: object) -> dict[str, object]:
        assert may_end.wait(HANG_SECONDS)
        return {"unchanged": 3}

    options = WebOptions(names=("videos.example",))
    with mvsearch.open(home) as library, mock.patch.object(works, "index_apart", wait):
        video = library.videos()[0]
        with serving_app(make_app(library, options)) as url:
            port = find_port()
            command = WAYS[name](tmp_path, port, url.removeprefix("http://"))
            address = f"http://127.0.0.1:{port}"
            with (
                running(command, port, tmp_path),
                httpx2.Client(base_url=address, headers=HOST, timeout=HANG_SECONDS) as client,
            ):
                until = time.monotonic() + HANG_SECONDS
                while client.get("/readyz").status_code != 200:  # Caddy looks at its servers first
                    assert time.monotonic() < until
                part = client.get(
                    f"/api/v1/videos/{video.id}/media", headers={"Range": "bytes=10-19"}
                )
                assert (part.status_code, part.content) == (206, video.path.read_bytes()[10:20])
                follow_events(client, tmp_path / "videos", may_end)
                large = client.post("/api/v1/search", content=b" " * (MAX_BODY_BYTES + 10**6 * 5))
                assert large.status_code == 413


def follow_events(client: httpx2.Client, folder: Path, may_end: threading.Event) -> None:
    """The first event comes while the job goes on: nothing collects events."""
    job = client.post("/api/v1/jobs/index", json={"paths": [str(folder)]}).json()
    states = []
    with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as events:
        for line in events.iter_lines():
            if line.startswith("data: "):
                states.append(json.loads(line[6:])["state"])
                may_end.set()
    assert states[0] == "running"
    assert states[-1] == "done"


def read_options(words: list[str]) -> dict[str, object]:
    """What `mvsearch serve` reads of such words."""
    command = get_command(app).commands["serve"]  # type: ignore[attr-defined]
    params: dict[str, object] = command.make_context("serve", list(words)).params
    return params


def test_the_example_files_fit_the_project() -> None:
    nginx, caddy = (FILES / "nginx.conf").read_text(), (FILES / "Caddyfile").read_text()
    assert f"client_max_body_size {MAX_BODY_BYTES >> 20}m;" in nginx
    assert f"max_size {MAX_BODY_BYTES >> 20}MB" in caddy
    assert "health_uri /readyz" in caddy
    unit = (FILES / "mvsearch@.service").read_text().replace("\\\n", " ")
    found = re.search(r"ExecStart=\S+/mvsearch serve (.*)", unit)
    assert found is not None
    read = read_options(found[1].replace("%i", "8765").split())
    assert read["proxy"] == ["10.0.0.1"]


def test_the_compose_file_fits_the_project() -> None:
    services = yaml.safe_load((ROOT / "compose.postgres.yaml").read_text())["services"]
    name, *words = services["serve"]["command"]
    read = read_options(words)
    assert (name, read["host"]) == ("serve", "0.0.0.0")
    library = services["serve"]["environment"]["MVSEARCH_LIBRARY"]
    user = services["postgres"]["environment"]["POSTGRES_USER"]
    base = services["postgres"]["environment"]["POSTGRES_DB"]
    assert library == f"postgresql+psycopg://{user}@postgres/{base}"
    assert "PGPASSWORD" in services["serve"]["environment"]
    grace = int(services["serve"]["stop_grace_period"].removesuffix("s"))
    assert grace > float(str(read["grace"])) + 2 * 10  # requests, then jobs
    listed = (ROOT / "container.txt").read_text()
    assert all(f"{package}==" in listed for package in ("psycopg", "psycopg-binary"))
