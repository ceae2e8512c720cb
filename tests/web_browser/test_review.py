"""The review of versions, by keys and by the mouse."""

import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

import mvsearch
from tests import media
from tests.web_browser.barriers import list_barriers


def test_a_copy_is_moved_away_and_back(
    page: Page, serve: Callable[..., str], tmp_path: Path
) -> None:
    music, home = tmp_path / "music", tmp_path / "library"
    music.mkdir()
    media.make_pattern(music / "Ada - Pattern.mp4", 12, tone_hertz=880)
    again = ("-i", music / "Ada - Pattern.mp4", "-c", "copy", music / "Ada - Copy.mkv")
    media.run_ffmpeg(*again)
    with mvsearch.open(home, profile="toy") as library:
        library.index(music, lyrics="off")
        assert [one.kind for one in library.versions().relations] == ["duplicate"]
    page.goto(f"{serve('--library', str(home)).rstrip('/')}/review")
    page.click("text=Look for versions")
    pair = page.locator(".pair")
    expect(pair).to_have_count(1)
    page.wait_for_load_state("load")
    pair.focus()
    page.keyboard.press("1")
    expect(pair.locator(".side.kept")).to_have_count(1)
    expect(page.locator("#n-surplus")).to_have_text("1")
    page.keyboard.press("u")
    expect(page.locator("#n-surplus")).to_have_text("0")
    pair.get_by_role("button", name="Keep this one").nth(1).click()
    expect(page.locator("#n-surplus")).to_have_text("1")
    assert list_barriers(page) == []
    page.fill("#move input", str(music / "surplus"))
    page.press("#move input", "Enter")
    expect(page.locator("#moved li")).to_have_count(2)
    assert len(list(music.glob("Ada*"))) == 1
    page.click("#back")
    expect(page.locator("#moved li").first).to_contain_text("moved back")
    assert len(list(music.glob("Ada*"))) == 2
    shutil.rmtree(music)
