"""Quality: an evaluation is started, watched and read."""

from playwright.sync_api import Page, expect

from tests.web_browser.barriers import list_barriers


def test_an_evaluation_is_watched_and_read(page: Page, address: str) -> None:
    page.goto(f"{address}/library")
    page.click("text=Quality")
    page.fill("input[name=clips]", "200")
    page.press("input[name=clips]", "Enter")
    page.click("#cancel")
    expect(page.locator("#state")).to_have_text("Stopped.", timeout=60_000)
    page.fill("input[name=clips]", "1")
    page.press("input[name=clips]", "Enter")
    expect(page.locator(".report").first).to_be_visible(timeout=120_000)
    assert list_barriers(page) == []
