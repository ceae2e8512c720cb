"""A served library with hostile names, and Chromium to look at it."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import mvsearch
from tests import media

CHROMIUM = Path("/usr/bin/chromium")
# The machine may be busy with other tests.
expect.set_options(timeout=60_000)
PROBE = "<img src=x onerror=alert(1)>"
LINES = f"[00:00.50]take me home {PROBE}\n[00:04.00]along the river\n"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder drive Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(f"there is no {CHROMIUM}"))


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that is red, green and blue for two seconds each, and two others."""
    folder = tmp_path_factory.mktemp("videos")
    colours = [("red", 2.0), ("lime", 2.0), ("blue", 2.0)]
    media.make_colours(
        folder / f"Eve - Colours {PROBE}.mp4".replace("/", ""),
        colours,
        tone_hertz=330,
        options=(*media.H264, "-g", "5", "-c:a", "aac"),
    )
    (folder / f"Eve - Colours {PROBE}.lrc".replace("/", "")).write_text(LINES)
    media.make_pattern(folder / "Ada - Pattern.mp4", 5, tone_hertz=880)
    media.make_pattern(folder / "Bob - Large Pattern.mkv", 4, size=(320, 240))
    return folder


@pytest.fixture(scope="session")
def home(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("home") / "library"
    with mvsearch.open(place, profile="toy") as library:
        assert library.index(videos).indexed == 3
    return place


@pytest.fixture(scope="session")
def serve(home: Path) -> Iterator[Callable[..., str]]:
    """Start `mvsearch serve`; returns the address that it prints."""
    started = ExitStack()

    def start(*words: str) -> str:
        code = "from mvsearch import cli; cli.main()"
        command = [sys.executable, "-c", code, "serve", "--library", str(home), "--port", "0"]
        process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True)
        started.callback(process.wait)
        started.callback(process.terminate)
        assert process.stdout is not None
        started.enter_context(process.stdout)
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        return found[0]

    with started:
        yield start


@pytest.fixture(scope="session")
def address(serve: Callable[..., str]) -> str:
    return serve().rstrip("/")


@pytest.fixture(scope="session")
def chromium(videos: Path) -> Iterator[Browser]:
    """Chromium, whose microphone hears one of the videos."""
    heard = videos.with_name("heard.wav")
    media.run_ffmpeg("-i", videos / "Ada - Pattern.mp4", "-vn", "-ac", 1, "-ar", 48_000, heard)
    with sync_playwright() as playwright:
        words = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        words += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        words += [f"--use-file-for-fake-audio-capture={heard}"]
        words += ["--enable-unsafe-swiftshader"]  # WebGL without a graphics card
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=words)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages; a dialog, an error of a script or a breach of the policy fails the test."""
    complaints: list[str] = []
    contexts = ExitStack()

    def open_one(**options: Any) -> Page:
        context = chromium.new_context(viewport={"width": 1200, "height": 800}, **options)
        contexts.callback(context.close)
        context.set_default_timeout(60_000)
        opened = context.new_page()
        opened.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss())[1])
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "console",
            lambda line: complaints.append(line.text) if "Content Security" in line.text else None,
        )
        return opened

    with contexts:
        yield open_one
    assert complaints == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page of an ordinary size."""
    return open_page()
