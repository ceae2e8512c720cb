"""The heat map is made by a job and opened."""

from playwright.sync_api import Page, expect

from tests.web_browser.barriers import list_barriers


def test_all_songs_are_compared(page: Page, address: str) -> None:
    page.goto(f"{address}/browse")
    page.click("text=heat map")
    assert list_barriers(page) == []
    page.get_by_role("button", name="Compare all songs").click()
    page.wait_for_url("**/heatmap/*")
    expect(page.locator("svg.map a.row").first).to_be_visible()
