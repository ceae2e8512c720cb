"""Waits in a test until something holds in a page."""

import time

from playwright.sync_api import Error, Page

# The machine may be busy with other tests.
WAIT_SECONDS = 60.0


def wait_until(page: Page, expression: str, argument: object = None) -> None:
    """Wait until an expression, or a function of the argument, is true in the page.

    Playwright's own `wait_for_function` evaluates text in the page, which the policy of the pages
    forbids as soon as the first attempt is not true.
    """
    end = time.monotonic() + WAIT_SECONDS
    while not _holds(page, expression, argument):
        assert time.monotonic() < end, f"it never held: {expression}"
        page.wait_for_timeout(50)


def _holds(page: Page, expression: str, argument: object) -> bool:
    try:
        return bool(page.evaluate(expression, argument))
    except Error:  # the page is being replaced, or not loaded yet
        return False
