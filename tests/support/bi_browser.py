"""Opens dashboards of a running Superset in headless Chromium; run by the Python of .venv-bi.

    python bi_browser.py look ADDRESS USER PASSWORD FOLDER SLUG…
    python bi_browser.py watch ADDRESS USER PASSWORD SLUG

`look` writes `FOLDER/<slug>.png` and prints one JSON object: by slug the text, the errors, the
charts that say they have nothing to show, and how many charts there are; and what was asked of
other machines and not stopped. `watch` prints "open" when the dashboard stands, does nothing, and
prints how many seconds later its figures are others.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 180
"""Seconds for a dashboard to be drawn: a busy machine needs many of them."""
WIDTH, HEIGHT = 1400, 1000
CHARTS = ".dashboard-component-chart-holder"
NOTHING = ".ant-empty-description, .empty-state"


def log_in(page: Page, address: str, user: str, password: str) -> None:
    """Through the form, as people do."""
    page.goto(f"{address}/login/")
    page.fill("#username", user)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/login" not in url, timeout=PATIENCE * 1000)


def open_dashboard(page: Page, address: str, slug: str) -> None:
    """Open it, scroll to each chart (what is out of sight is not drawn), wait until all stand."""
    page.goto(f"{address}/superset/dashboard/{slug}/", wait_until="domcontentloaded")
    page.wait_for_selector(CHARTS, timeout=PATIENCE * 1000)
    until, quiet = time.monotonic() + PATIENCE, 0
    while quiet < 3 and time.monotonic() < until:
        for chart in page.locator(CHARTS).all():
            chart.evaluate("element => element.scrollIntoView()")
        page.wait_for_timeout(700)
        loading = page.locator(f"{CHARTS} .loading, [data-test=loading-indicator]").count()
        quiet = 0 if loading else quiet + 1
    page.evaluate("window.scrollTo(0, 0)")


def look(page: Page, address: str, slug: str, picture: Path) -> dict[str, Any]:
    """Photograph one dashboard, and say what is to be seen."""
    open_dashboard(page, address, slug)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": int(height) + 20})
    page.wait_for_timeout(2500)  # charts draw themselves anew, with a short animation
    page.screenshot(path=str(picture), full_page=True)
    holders = page.locator(CHARTS).filter(has=page.locator(NOTHING))
    said = {
        "text": page.inner_text("body"),
        "errors": page.locator("[role=alert], .ant-alert-error").all_inner_texts(),
        "empty": [text.splitlines()[0] for text in holders.all_inner_texts()],
        "charts": page.locator(f"{CHARTS} .slice_container").count(),
    }
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    return said


def watch(page: Page, address: str, slug: str) -> float:
    """Seconds until the big figures change by themselves."""
    figures = ".superset-legacy-chart-big-number .header-line"
    open_dashboard(page, address, slug)
    before = page.locator(figures).all_inner_texts()
    print("open", flush=True)
    started = time.monotonic()
    while time.monotonic() < started + PATIENCE:
        now = page.locator(figures).all_inner_texts()
        if len(now) == len(before) and now != before:
            return time.monotonic() - started
        page.wait_for_timeout(250)
    raise TimeoutError(f"{slug} still shows {before}")


def main() -> None:
    """Log in, and look or watch."""
    what, address, user, password, *rest = sys.argv[1:]
    outside: set[str] = set()
    stopped: set[str] = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-GB"
        )
        ours = (address, "data:", "blob:")
        page.on("request", lambda it: None if it.url.startswith(ours) else outside.add(it.url))
        page.on("requestfailed", lambda it: stopped.add(it.url))
        log_in(page, address, user, password)
        if what == "watch":
            print(round(watch(page, address, rest[0]), 1))
        else:
            folder = Path(rest[0])
            found = {slug: look(page, address, slug, folder / f"{slug}.png") for slug in rest[1:]}
            print(json.dumps({"dashboards": found, "outside": sorted(outside - stopped)}))
        browser.close()


if __name__ == "__main__":
    main()
