"""Takes the pictures of the pages in docs/screenshots on the demo library: `make screenshots`."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, Page, sync_playwright

from docs.demo.library import make_library  # only now it can be found
from docs.demo.tour import STILL, VIDEOS, run_command
from docs.documents import ROOT

PLACE = ROOT / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
QUALITY = 80
PARTS = 'lyric("tune an old guitar") then lyric("burn a little brighter with you") within 30s'


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of a page.

    Attributes:
        path: of the page.
        act: what is done on it before the picture is taken; it is given the demo's folder too.
    """

    name: str
    path: str = "/"
    act: Callable[[Page, Path], None] = lambda page, demo: None
    size: tuple[int, int] = (1440, 900)
    scheme: Literal["light", "dark"] = "light"


def search_by_both(page: Page, demo: Path) -> None:
    """Search by a picture and a line at once."""
    page.set_input_files("#file", demo / STILL)
    page.locator("#results .card").first.wait_for()
    page.fill("#q", "strangers with red umbrellas")
    with page.expect_response(re.compile("umbrellas")):
        page.press("#q", "Enter")


def refine(page: Page, demo: Path) -> None:
    """Like the look of one result, dislike the other, and search again by it."""
    cards = page.locator("#results .card")
    cards.nth(1).locator(".thumb:not(.down)").first.click()
    cards.nth(0).locator(".thumb.down").last.click()
    page.click("#refine")
    page.locator("h1").wait_for()


def play(page: Page, demo: Path, title: str) -> None:
    """Play a video for two seconds."""
    page.get_by_role("link", name=title).first.click()
    page.evaluate("document.getElementById('player').play()")
    page.wait_for_timeout(2000)
    page.evaluate("document.getElementById('player').pause()")


def play_picture(page: Page, demo: Path) -> None:
    """Play the music that fits the picture in front."""
    page.get_by_role("button", name="Play").first.click()
    page.wait_for_timeout(3000)


def watch(page: Page, demo: Path) -> None:
    """Watch TV for some seconds."""
    page.wait_for_timeout(5000)


SHOTS = (
    Shot("search", act=search_by_both),
    Shot("search-phone", "/?q=a+moon+out+of+paper", size=(390, 844), scheme="dark"),
    Shot("parts", f"/?{urlencode({'mode': 'query', 'q': PARTS})}"),
    Shot("refined", "/?q=light", refine),
    Shot("player", "/browse", partial(play, title="Salt and Sunlight"), scheme="dark"),
    Shot("map", "/map"),
    Shot("gallery", "/gallery", play_picture),
    Shot("tv", "/tv?start=desert+session", watch, scheme="dark"),
)


def write_screenshots(place: Path = PLACE) -> None:
    """Make the demo library, serve it, and take all pictures."""
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        demo = Path(scratch)
        make_library(demo)
        run_command(("index", VIDEOS), demo, is_kept=False)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with serve(demo / "library") as address:
            for shot in SHOTS:
                save(take(browser, address, shot, demo), place / f"{shot.name}.webp")
        browser.close()


@contextmanager
def serve(library: Path) -> Iterator[str]:
    """Serve a library at a free port; gives the address."""
    program = Path(sys.executable).with_name("mvsearch")
    command = [program, "serve", "--library", library, "--port", "0", "--no-token"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            if found is None:
                raise SystemExit("the server did not start")
            yield found[0].rstrip("/")
        finally:
            process.terminate()


def take(browser: Browser, address: str, shot: Shot, demo: Path) -> bytes:
    """The picture of a page as PNG."""
    width, height = shot.size
    size = {"width": width, "height": height}
    with browser.new_context(viewport=size, color_scheme=shot.scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{address}{shot.path}")
        shot.act(page, demo)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)
        return page.screenshot()


def save(picture: bytes, file: Path) -> None:
    """Write a picture as WebP, which is a fifth of PNG's size here."""
    from PIL import Image

    with Image.open(BytesIO(picture)) as opened:
        opened.convert("RGB").save(file, "WEBP", quality=QUALITY, method=6)
    print(f"written: {file.relative_to(ROOT)}")  # noqa: T201


if __name__ == "__main__":
    write_screenshots()
