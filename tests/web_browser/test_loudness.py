"""Songs are played equally loud by their ReplayGain, and never louder than their peak allows."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.web_browser.waiting import wait_until

WATCH = """
const make = AudioContext.prototype.createGain;
AudioContext.prototype.createGain = function () { return window.node = make.call(this); };
"""


@pytest.mark.parametrize(
    ("gain", "peak", "factor"),
    [
        ("-6.0206", "", 0.5),
        ("-6.0206", "0.9", 0.5),
        ("6.0206", "", 1),
        ("6.0206", "0.25", 2),
        ("6.0206", "0.8", 1.25),
        ("-6.0206", "4", 0.25),
        ("", "0.5", 1),
        ("loud", "0.5", 1),
    ],
)
def test_factors(page: Page, address: str, gain: str, peak: str, factor: float) -> None:
    page.goto(f"{address}/browse")
    found = page.evaluate(
        "([gain, peak]) => import('/static/loudness.js').then((one) => one.findFactor(gain, peak))",
        [gain, peak],
    )
    assert found == pytest.approx(factor, abs=1e-4)


def test_what_is_played_is_multiplied(open_page: Callable[..., Page], address: str) -> None:
    page = open_page()
    page.add_init_script(WATCH)
    page.route("**/video/*", _plant)
    videos = page.request.get(f"{address}/api/v1/videos").json()["videos"]
    page.goto(f"{address}/video/{videos[0]['id']}")
    wait_until(page, "window.node && Math.abs(window.node.gain.value - 0.5) < 1e-3")


def _plant(route: object) -> None:
    """The page of a song whose gain is known."""
    answer = route.fetch()  # type: ignore[attr-defined]
    body = answer.text().replace('data-gain=""', 'data-gain="-6.0206"')
    route.fulfill(response=answer, body=body)  # type: ignore[attr-defined]
