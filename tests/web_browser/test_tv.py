"""TV plays one song after another, and keeps them as a playlist."""

from playwright.sync_api import Page, Route, expect

from tests.web_browser.barriers import list_barriers
from tests.web_browser.waiting import wait_until

SCREEN = "document.getElementById('screen')"
PLAYS = f"() => {SCREEN}.readyState >= 2"


def test_tv_goes_on_without_repeats_and_is_saved(page: Page, address: str) -> None:
    page.goto(f"{address}/tv?start=ada")
    expect(page.locator("#now")).to_have_text("Ada – Pattern")
    wait_until(page, PLAYS)
    page.evaluate(f"{SCREEN}.loop = true")  # no song ends by itself while this looks
    videos = page.request.get(f"{address}/api/v1/videos").json()["videos"]
    following = page.locator("#queue b")
    expect(following).to_have_count(len(videos) - 1)  # the queue is filled
    titles = following.all_inner_texts()
    assert "Pattern" not in titles
    assert len(set(titles)) == len(titles) >= 2
    page.keyboard.press("l")
    expect(page.locator("#like")).to_have_attribute("aria-pressed", "true")
    # Seeking to the end ends the song, and the next one plays.
    page.evaluate(f"{SCREEN}.loop = false")
    page.evaluate(f"{SCREEN}.currentTime = 1e6")
    expect(page.locator("#now")).to_contain_text(titles[0])
    expect(page.locator("#played b")).to_have_text(["Pattern"])
    expect(page.locator("#why")).to_contain_text("Follows by")
    page.evaluate(f"{SCREEN}.loop = true")
    for title in titles[1:]:
        page.keyboard.press("n")
        expect(page.locator("#now")).to_contain_text(title)
    expect(page.locator("#end")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("#now")).to_contain_text(titles[-2])
    assert list_barriers(page) == []
    page.fill("#save input", "Evening")
    page.press("#save input", "Enter")
    expect(page.locator("#notice")).to_contain_text("Saved")
    page.press("#save input", "Enter")
    expect(page.locator("#notice")).to_contain_text("already")
    page.click("text=Playlists")
    expect(page.get_by_role("region", name="Evening").locator("li").first).to_have_text(
        "Ada – Pattern"
    )
    assert list_barriers(page) == []
    with page.expect_download() as download:
        page.get_by_role("region", name="Evening").locator("text=XSPF").click()
    assert download.value.suggested_filename == "Evening.xspf"
    for name in ("Evening", "Liked"):
        page.get_by_role("region", name=name).locator("text=Delete").click()
    expect(page.locator(".playlist")).to_have_count(0)


def test_a_song_that_ends_before_the_next_is_known_is_followed(page: Page, address: str) -> None:
    asked = list[Route]()
    page.route("**/api/v1/chain", lambda one: asked.append(one), times=1)
    page.goto(f"{address}/tv?start=ada")
    wait_until(page, PLAYS)
    page.evaluate(f"{SCREEN}.currentTime = 1e6")
    wait_until(page, f"() => {SCREEN}.ended")
    asked[0].continue_()
    expect(page.locator("#played b")).to_have_text(["Pattern"])
    expect(page.locator("#why")).to_contain_text("Follows by")
