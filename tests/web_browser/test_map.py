"""The map: a lasso becomes a filter, and keys are enough."""

from playwright.sync_api import Page, expect

from tests.web_browser.barriers import list_barriers


def test_a_lasso_becomes_a_filter(page: Page, address: str) -> None:
    page.goto(f"{address}/map?by=audio")
    plane = page.locator("#plane")
    page.wait_for_selector("#map[data-ready]")
    told = page.request.get(f"{address}/api/v1/map?by=audio").json()["points"]
    chosen = max(told, key=lambda one: float(one["x"]))
    box = plane.bounding_box()
    assert box is not None
    margin = 54
    x = box["x"] + margin + chosen["x"] * (box["width"] - 2 * margin)
    y = box["y"] + margin + chosen["y"] * (box["height"] - 2 * margin)
    page.mouse.move(x, y)
    expect(page.locator("#here")).to_contain_text(chosen["title"])
    page.click("#lasso")
    page.mouse.move(x - 30, y - 30)
    page.mouse.down()
    for right, down in ((30, -30), (30, 30), (-30, 30), (-30, -30)):
        page.mouse.move(x + right, y + down, steps=3)
    page.mouse.up()
    expect(page.locator("#count")).to_have_text("1 video chosen")
    assert "region=audio" in page.url
    page.reload()
    expect(page.locator("#count")).to_have_text("1 video chosen")
    assert list_barriers(page) == []
    page.click("#browse")
    expect(page.locator("#videos .card .title")).to_have_text(chosen["title"])
    page.wait_for_load_state("load")  # before, no script listens
    page.get_by_label("part of the map").uncheck()
    expect(page.locator("#videos .card")).not_to_have_count(1)
    assert "region" not in page.url


def test_keys_move_over_the_map(page: Page, address: str) -> None:
    page.goto(f"{address}/map")
    page.wait_for_selector("#map[data-ready]")
    page.focus("#plane")
    page.keyboard.press("ArrowRight")
    here = page.locator("#here")
    expect(here).not_to_be_empty()
    page.keyboard.press("+")
    page.keyboard.press("0")
    page.click("#view")
    expect(page.locator("#count")).to_contain_text("chosen")
    page.focus("#plane")
    page.keyboard.press("Escape")
    expect(page.locator("#chosen")).to_be_hidden()
    title = here.inner_text().split(" – ")[-1]
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(title)


def test_an_artist_has_a_page(page: Page, address: str) -> None:
    page.goto(f"{address}/browse?title=large")
    page.locator(".card .shot").click()
    page.click("text=Bob")
    expect(page.locator("h1")).to_have_text("Bob")
    expect(page.locator("#near :is(p, ul)")).to_be_visible()
    assert list_barriers(page) == []
    page.goto(f"{address}/artists")
    assert list_barriers(page) == []


def test_the_map_by_mood_has_named_regions_and_lassos(page: Page, address: str) -> None:
    page.goto(f"{address}/map?by=mood")
    page.wait_for_selector("#map[data-ready]")
    expect(page.locator("#about")).to_contain_text("unpleasant on the left")
    page.click("#view")
    expect(page.locator("#count")).to_have_text("3 videos chosen")
    assert "region=mood" in page.url
    assert list_barriers(page) == []
    page.click("#browse")
    expect(page.locator("#videos .card")).to_have_count(3)
