"""Results are judged by thumbs, in Chromium, and a new list answers."""

from playwright.sync_api import Page, expect

from tests.web_browser.barriers import list_barriers


def test_thumbs_refine_a_search(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=river")
    cards = page.locator("#results .card")
    tray = page.locator("#tray")
    expect(tray).to_be_hidden()
    like = cards.nth(1).locator(".thumb:not(.down)")
    like.first.click()
    expect(like.first).to_have_attribute("aria-pressed", "true")
    cards.nth(0).locator(".thumb.down").last.click()
    expect(page.locator("#tray-told")).to_have_text("1 liked, 1 disliked")
    liked = cards.nth(1).get_attribute("data-video")
    # All of a video, and one of its parts: the later counts.
    like.last.click()
    expect(like.first).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#tray-told")).to_have_text("1 liked, 1 disliked")
    assert list_barriers(page) == []
    # What is refused begins no other session when it is sent again.
    page.route(
        "**/sessions/refine",
        lambda route: route.fulfill(status=400, json={"detail": "no sound"}),
        times=2,
    )
    for _ in range(2):
        with page.expect_response("**/sessions/refine"):
            page.click("#refine")
        expect(page.locator("#tray-notice")).to_have_text("no sound")
    page.click("#refine")
    expect(page.locator("h1")).to_have_text("river")
    expect(cards.first).to_have_attribute("data-video", liked or "")
    expect(page.locator(".judged li")).to_have_count(2)
    assert list_barriers(page) == []
    page.wait_for_load_state()
    page.locator(".judged .disliked button").click()
    expect(page.locator(".judged li")).to_have_count(1)
    page.wait_for_load_state()
    page.fill("#name", "by the river")
    page.locator("#rename button").click()
    expect(page.locator("p.lead").first).to_contain_text("by the river”, which is kept.")
    page.wait_for_load_state()
    page.click("#undo")
    expect(page.locator(".judged li")).to_have_count(0)
    page.goto(f"{address}/sessions")
    page.locator("[data-delete]").click()
    expect(page.locator(".kept")).to_have_count(0)
