"""An index run is paused and resumed, and a failed file is tried again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import mvsearch
from tests import media
from tests.web_browser.barriers import list_barriers


@pytest.fixture
def address(serve: Callable[..., str], tmp_path: Path) -> str:
    music, home = tmp_path / "music", tmp_path / "library"
    music.mkdir()
    for number in range(6):
        media.make_pattern(music / f"Song {number}.mp4", 8 + number, tone_hertz=300 + 40 * number)
    (music / "Broken.mp4").write_bytes((music / "Song 0.mp4").read_bytes()[:2000])
    with mvsearch.open(home, profile="toy") as library:
        library.index(music / "Song 0.mp4", lyrics="off")
    return serve("--library", str(home), "--root", str(tmp_path)).rstrip("/")


def test_a_run_is_paused_and_goes_on(page: Page, address: str, tmp_path: Path) -> None:
    music = tmp_path / "music"
    page.goto(f"{address}/library")
    page.fill("input[name=path]", str(music))
    page.select_option("select[name=lyrics]", "off")
    page.press("input[name=path]", "Enter")
    page.click("#pause")
    state = page.locator("#job-state")
    expect(state).to_have_text("Paused: what is done is kept", timeout=60_000)
    page.reload()
    expect(state).to_have_text("Paused: what is done is kept")
    assert list_barriers(page) == []
    page.click("#resume")
    expect(state).to_contain_text("Done", timeout=60_000)
    page.goto(f"{address}/browse")
    expect(page.locator(".card")).to_have_count(6)
    page.goto(f"{address}/library")
    media.make_pattern(music / "Broken.mp4", 3, tone_hertz=900)
    page.get_by_role("button", name="Try Broken.mp4 again").click()
    expect(state).to_have_text("Done: 1 indexed", timeout=60_000)
    page.reload()
    expect(page.get_by_role("button", name="Try Broken.mp4 again")).to_have_count(0)
