"""A query by clip, part, microphone, pasted picture and several of them, in Chromium."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import media
from tests.web_browser.barriers import list_barriers
from tests.web_browser.waiting import wait_until

SHOTS = "#results .card .shot"
GIVE = """([way, ...files]) => {
  const transfer = new DataTransfer();
  for (const [data, name, type] of files) {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  const event = way === 'paste'
    ? new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true })
    : new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


def give(page: Page, way: str, *files: tuple[bytes, str, str]) -> None:
    sent = [[base64.b64encode(data).decode(), name, kind] for data, name, kind in files]
    page.evaluate(GIVE, [way, *sent])


@pytest.fixture(scope="module")
def clip(videos: Path) -> bytes:
    """The video that is red, green and blue for two seconds each."""
    (file,) = videos.glob("Eve*.mp4")
    return file.read_bytes()


def test_a_part_of_a_dropped_clip_is_chosen_by_two_handles(
    page: Page, address: str, clip: bytes
) -> None:
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.goto(address)
    give(page, "drop", (clip, "mine.mp4", "video/mp4"))
    expect(page.locator("#chips [data-part]")).to_have_text("part…")
    expect(page.locator(SHOTS).first).to_have_attribute("aria-label", re.compile("^Colours.*0:00"))
    page.click("#chips [data-part]")
    expect(page.locator("#cut-start")).to_be_focused()
    expect(page.locator("#cut-end")).to_have_js_property("max", "6.0")
    page.keyboard.press("PageUp")  # handles are sliders: keys move them
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    # The start stops before the end.
    expect(page.locator("#cut-start")).to_have_js_property("value", "5.5")
    page.locator("#cut-start").fill("4")
    expect(page.locator("#cut-times")).to_have_text("0:04.0 to 0:06.0, 2.0 s")
    wait_until(page, "() => document.getElementById('cut-player').currentTime > 3.9")
    assert list_barriers(page) == []
    page.click("#cut-take")
    page.wait_for_url("**%404.0-6.0**")
    expect(page.locator("#chips [data-part]")).to_have_text("0:04–0:06")
    wait_until(
        page, "() => Number(document.querySelector('#results .card .shot')?.dataset.start) > 3.5"
    )
    assert len(sent) == 1  # the clip was sent once
    page.reload()
    page.click("#chips [data-part]")  # the server still has the clip
    expect(page.locator("#cut-end")).to_have_js_property("max", "6.0")
    expect(page.locator("#cut-times")).to_have_text("0:04.0 to 0:06.0, 2.0 s")
    page.keyboard.press("Escape")
    expect(page.locator("#chips [data-part]")).to_have_text("0:04–0:06")


def test_a_picture_is_pasted_and_joins_words_and_a_sound(
    page: Page, address: str, tmp_path: Path
) -> None:
    picture = media.make_picture(tmp_path / "q.png", "testsrc2", (160, 120)).read_bytes()
    sound = media.make_tone(tmp_path / "q.wav", 330, 3).read_bytes()
    page.goto(address)
    page.fill("#q", "river")
    give(page, "paste", (picture, "image.png", "image/png"), (sound, "s.wav", "audio/wav"))
    expect(page.locator("#chips li > span:first-of-type")).to_have_text(
        ["picture image.png", "sound s.wav"]
    )
    page.wait_for_url("**upload=**upload=**")
    bars = page.locator("#results .bars")  # not every video has all three
    for label in ("look", "lyrics", "sound"):
        expect(bars.locator("dt", has_text=label).first).to_be_visible()
    assert "q=river" in page.url


def test_the_microphone_is_recorded_and_searched(page: Page, address: str) -> None:
    page.goto(address)
    page.click("#record")
    expect(page.locator("#record")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#record span")).to_have_text("Stop (3 s)")
    page.click("#record")
    expect(page.locator("#chips li > span").first).to_have_text("sound from the microphone")
    # What Chromium was given to hear.
    expect(page.locator(SHOTS).first).to_have_attribute("aria-label", re.compile("^Pattern by Ada"))
    page.click("#chips [data-part]")  # its length is found, though its header has none
    wait_until(page, "() => Number(document.getElementById('cut-end').max) < 30")


def test_a_page_without_a_microphone_says_so(open_page: Callable[..., Page], address: str) -> None:
    page = open_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    page.goto(address)
    page.click("#record")
    expect(page.locator("#notice")).to_have_text("The microphone was not allowed for this page.")


def test_facets_filter_with_counts_and_presets_weigh(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=river")
    expect(page.locator(SHOTS)).not_to_have_count(1)
    page.click(".tune summary")
    option = page.locator("select[name=artist] option", has_text="Eve")
    expect(option).to_have_text("Eve (1)")
    page.select_option("select[name=artist]", "Eve")
    page.wait_for_url("**artist=Eve**")
    expect(page.locator(SHOTS)).to_have_count(1)
    for name, weights in (("sounds like", "audio=1"), ("about the same", "lyrics=1")):
        page.click(f"text={name}")
        page.wait_for_url(f"**{weights}**")
    page.go_back()
    page.wait_for_url("**audio=1**")
    expect(page.locator("input[name=audio]")).to_have_value("1")
    expect(page.locator("select[name=artist]")).to_have_value("Eve")


def test_a_result_tells_why_and_songs_stand_beside_each_other(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=along+the+river&mode=lyric&lyrics=1")
    page.locator(".reason a").first.click()
    lyrics = page.locator("section[aria-labelledby=by-lyrics]")
    expect(lyrics.locator("mark")).to_have_text(2 * ["along", "the", "river"])
    assert list_barriers(page) == []
    lyrics.locator("a").click()
    wait_until(page, "() => document.getElementById('player')?.currentTime >= 4")
    page.goto(f"{address}/browse?artist=Ada")
    page.locator(".card .shot").click()
    page.locator("#similar .card", has_text="Large Pattern").locator(".reason a").click()
    both = page.locator("section[aria-labelledby=by-frames] .pair").first.locator(".shot img")
    expect(both).to_have_count(2)
    wait_until(
        page,
        "() => [...document.querySelectorAll('.pair .shot img')].slice(0, 2)"
        ".every((one) => one.naturalWidth === 192 && one.src.includes('/frame'))",
    )
    assert list_barriers(page) == []


def test_a_preview_loops_and_respects_reduced_motion(
    open_page: Callable[..., Page], address: str
) -> None:
    for motion, count in (("no-preference", 1), ("reduce", 0)):
        page = open_page(reduced_motion=motion)
        page.clock.install()
        page.goto(f"{address}/?q=red")
        page.locator(SHOTS).first.hover()
        page.clock.run_for(1200)
        expect(page.locator(".shot video")).to_have_count(count)
        if count:
            assert page.evaluate("document.querySelector('.shot video').muted")


def test_lyrics_are_followed_and_the_moment_is_asked_for(page: Page, address: str) -> None:
    page.goto(f"{address}/browse?artist=Eve")
    page.locator(".card .shot").click()
    wait_until(page, "() => document.getElementById('player')?.readyState >= 2")
    page.evaluate(
        "() => { const one = document.getElementById('player');"
        " one.pause(); one.currentTime = 2.25; }"
    )
    sung = page.locator("#lyrics [aria-current]")
    expect(sung).to_contain_text("take me home")
    wait_until(
        page,
        "() => { const line = document.querySelector('#lyrics [aria-current]');"
        " return Math.abs(parseFloat(line.style.getPropertyValue('--sung')) - 50) < 8; }",
    )  # half of 0.5 to 4 s
    link = page.locator("a[data-base]", has_text="sound")
    assert "&audio=1&start=0.0&end=7.3" in (link.get_attribute("href") or "")
    link.click()
    expect(page.locator("#chips li span")).to_contain_text("at 0:00")
    expect(page.locator(SHOTS).first).to_be_visible()


def test_a_query_of_parts_is_written_with_buttons_and_named_media(
    page: Page, address: str, clip: bytes
) -> None:
    page.goto(address)
    expect(page.locator("#writing")).to_be_hidden()
    page.select_option("select[name=mode]", "query")
    page.click("#writing button:text-is('sung line')")
    page.keyboard.type("take me home")
    expect(page.locator("#q")).to_have_value('lyric("take me home")')
    give(page, "drop", (clip, "mine.mp4", "video/mp4"))
    expect(page.locator("#q")).to_have_value('lyric("take me home") while clip("mine.mp4")')
    chip = page.locator("#results .card .places a").first
    expect(chip).to_contain_text("lyric(")
    assert list_barriers(page) == []
    page.reload()
    expect(page.locator("#chips")).to_contain_text("mine.mp4")
    chip.click()
    page.wait_for_url(re.compile(r"/video/\w+\?t="))
    page.goto(f"{address}?mode=query&q=text(a)+whle")
    expect(page.locator("pre.place")).to_contain_text("^")
