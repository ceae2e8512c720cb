"""What a person does with the pages, in Chromium."""

import base64
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import media
from tests.web_browser.barriers import list_barriers
from tests.web_browser.conftest import PROBE
from tests.web_browser.waiting import wait_until

TOKEN = "correct-horse-battery"
SHOTS = "#results .card .shot"
PIXEL = """() => {
  const video = document.getElementById('player');
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext('2d');
  brush.drawImage(video, 0, 0, 1, 1);
  return [...brush.getImageData(0, 0, 1, 1).data];
}"""
DROP = """([data, name, type]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true }));
}"""


def drop_picture(page: Page, folder: Path) -> None:
    picture = media.make_picture(folder / "q.png", "testsrc2", (160, 120)).read_bytes()
    page.evaluate(DROP, [base64.b64encode(picture).decode(), f"{PROBE}.png", "image/png"])


def test_words_find_a_line_and_the_address_restores_it(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("#q", "take me home")
    page.select_option("select[name=mode]", "lyric")
    page.press("#q", "Enter")
    title = page.locator("#results .card .title").first
    expect(title).to_have_text(f"Colours {PROBE}")
    expect(page.locator("#results .line mark")).to_have_text(["take", "me", "home"])
    assert page.url == f"{address}/?q=take%20me%20home&mode=lyric"
    page.reload()
    expect(title).to_have_text(f"Colours {PROBE}")
    expect(page.locator("#q")).to_have_value("take me home")
    page.goto(f"{address}/browse")
    page.go_back()
    expect(title).to_have_text(f"Colours {PROBE}")


def test_a_dropped_picture_is_sent_once_and_sliders_rank_anew(
    page: Page, address: str, tmp_path: Path
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    page.goto(address)
    drop_picture(page, tmp_path)
    expect(page.locator("#chips li span")).to_have_text(f"picture {PROBE}.png")
    expect(page.locator(SHOTS).first).to_have_attribute("aria-label", "Pattern by Ada, at 0:00")
    page.click(".tune summary")
    page.locator("input[name=audio]").fill("0")
    page.wait_for_url("**audio=0**")
    page.click("text=looks like")
    page.wait_for_url("**frames=1**")
    expect(page.locator(SHOTS).first).to_be_visible()
    assert sum(one.startswith("POST") for one in sent) == 1
    page.click("[data-remove]")
    expect(page.locator(".welcome")).to_be_visible()


def test_a_click_plays_at_the_second_and_the_lyrics_follow(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=along+the+river&mode=lyric&lyrics=1")
    page.locator(SHOTS).first.click()
    wait_until(
        page,
        "() => { const one = document.getElementById('player');"
        " return one && one.currentTime >= 4 && one.readyState >= 2 && !one.seeking }",
    )
    page.evaluate("document.getElementById('player').pause()")
    red, green, blue, _ = page.evaluate(PIXEL)
    assert blue > 200 > 60 > max(red, green)  # the third colour
    expect(page.locator("#lyrics [aria-current]")).to_have_text("along the river")
    page.locator("#lyrics button").first.click()
    wait_until(page, "() => document.getElementById('player').currentTime < 2")
    expect(page.locator("#similar .card")).not_to_have_count(0)


def test_another_container_plays_too(page: Page, address: str) -> None:
    page.goto(f"{address}/browse?title=large")
    page.locator(".card .shot").click()
    wait_until(page, "() => document.getElementById('player')?.readyState >= 2")


def test_keys_are_enough(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=river")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(SHOTS).first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(SHOTS).nth(1)).to_be_focused()
    page.keyboard.press(" ")
    expect(page.locator(".shot video")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/video/**")


def test_the_token_is_asked_for_and_taken(
    open_page: Callable[..., Page], page: Page, serve: Callable[..., str]
) -> None:
    address = serve("--token", TOKEN)
    page.goto(address.partition("?")[0])
    expect(page.locator("h1")).to_have_text("Unauthorized")
    page.fill("#token", "wrong")
    page.press("#token", "Enter")
    expect(page.locator(".message")).to_contain_text("not the token")
    page.fill("#token", TOKEN)
    page.press("#token", "Enter")
    expect(page.locator("#q")).to_be_visible()
    other = open_page()
    other.goto(address)
    expect(other.locator("#q")).to_be_visible()
    assert TOKEN not in other.url


def test_axe_finds_no_serious_barrier(page: Page, address: str) -> None:
    for path in ("/", "/?q=river&frames=1", "/browse", "/library", "/docs", "/nothing"):
        page.goto(f"{address}{path}")
        if path == "/browse":
            page.locator(".card .shot").first.click()
            expect(page.locator("#similar .card").first).to_be_visible()
        assert list_barriers(page) == [], path


def test_a_folder_is_indexed_while_the_page_watches(page: Page, address: str, videos: Path) -> None:
    (videos / "New").mkdir()
    media.make_pattern(videos / "New" / "Zoe - Later.mp4", 3, tone_hertz=550)
    page.goto(f"{address}/library")
    page.fill("input[name=path]", "/")
    page.click("button.primary:visible")
    expect(page.locator("#notice")).to_contain_text("none of the folders")
    page.fill("input[name=path]", str(videos))
    page.click("button.primary:visible")
    expect(page.locator("#job-state")).to_have_text("Done: 1 indexed, 3 unchanged", timeout=60_000)
    page.goto(f"{address}/browse?title=later")
    expect(page.locator(".card .title")).to_have_text("Later")


def test_curves_show_the_mood_and_a_click_goes_there(page: Page, address: str) -> None:
    told = page.request.get(f"{address}/api/v1/videos?title=colours").json()["videos"]
    page.goto(f"{address}/video/{told[0]['id']}")
    page.wait_for_load_state("load")
    expect(page.locator("#moods polyline")).to_have_count(2)  # its frames are of one colour each
    expect(page.locator("#moods figcaption")).to_contain_text(", ".join(told[0]["moods"]))
    box = page.locator("#moods svg").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 5)
    middle = told[0]["duration_seconds"] / 2
    wait_until(page, f"document.getElementById('player').currentTime >= {middle - 0.5}")
    wait_until(page, "document.querySelector('#moods .head').getAttribute('x1') > 40")
    assert list_barriers(page) == []
