"""The gallery: a click on a picture plays the song that fits it, in the hall and in the grid."""

import base64
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import media
from tests.web_browser.barriers import list_barriers
from tests.web_browser.test_pages import DROP
from tests.web_browser.waiting import wait_until

PLAYS = """(start) => {
  const one = document.getElementById('song');
  return one.readyState >= 2 && !one.seeking && one.currentTime >= start;
}"""


def test_the_grid_plays_the_song_of_a_picture_where_motion_is_reduced(
    open_page: Callable[..., Page], address: str, tmp_path: Path
) -> None:
    page = open_page(reduced_motion="reduce")
    page.goto(f"{address}/gallery")
    work = page.locator(".work", has_text="Ada")
    expect(work).to_be_visible()
    expect(page.locator("#hall")).to_be_hidden()
    start = float(work.get_attribute("data-seconds") or "0")
    work.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#what")).to_contain_text("Ada – Pattern")
    expect(page.locator("#why li").first).to_contain_text("from this video")
    wait_until(page, PLAYS, start)
    assert list_barriers(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#music")).to_be_hidden()
    # A dropped picture gets its music; the pattern is in Ada's video and in Bob's.
    picture = media.make_picture(tmp_path / "q.png", "testsrc2", (160, 120)).read_bytes()
    page.evaluate(DROP, [base64.b64encode(picture).decode(), "<b>mine</b>.png", "image/png"])
    expect(page.locator("#what")).to_contain_text("Pattern")
    expect(page.locator(".work").first).to_have_text("<b>mine</b>.png")
    wait_until(page, PLAYS, 0)


def test_one_walks_through_the_hall_and_a_click_plays(page: Page, address: str) -> None:
    page.goto(f"{address}/gallery?view=hall")
    canvas = page.locator("#canvas")
    expect(canvas).to_be_visible()
    label = page.locator("#label")
    names = {one.strip() for one in page.locator(".work").all_inner_texts()}
    expect(canvas).to_have_attribute("aria-busy", "false")
    canvas.focus()
    page.keyboard.press("n")
    expect(canvas).to_have_attribute("aria-busy", "false")
    first = label.inner_text()
    page.keyboard.press("n")
    expect(label).not_to_have_text(first)
    second = label.inner_text()
    assert {first.strip(), second.strip()} <= names
    expect(canvas).to_have_attribute("aria-busy", "false")  # the camera has arrived
    canvas.click()
    expect(page.locator("#what")).to_contain_text(second.split(" – ")[-1][:8])
    wait_until(page, PLAYS, 0)
    assert list_barriers(page) == []
    page.click("#to-grid")
    expect(page.locator(".work").first).to_be_visible()
