"""Opens dashboards of a running Superset in headless Chromium; run by .venv-bi's Python.

    python bi_browser.py ADDRESS USER PASSWORD FOLDER SLUG…

Writes `FOLDER/<slug>.png` and prints one JSON object: by slug the text of the page, the errors in
it, the number of charts drawn, and the addresses outside that were asked for.
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
PATIENCE = 120
"""Seconds for a dashboard to be drawn; a busy machine needs most of them."""


def look(page: Page, address: str, slug: str, picture: Path) -> dict[str, Any]:
    """Open one dashboard, wait until nothing loads, and say what is to be seen."""
    page.goto(f"{address}/superset/dashboard/{slug}/?standalone=0", wait_until="domcontentloaded")
    page.wait_for_selector(".dashboard-component-chart-holder", timeout=PATIENCE * 1000)
    until = time.monotonic() + PATIENCE
    quiet = 0
    while (
        quiet < 3 and time.monotonic() < until
    ):  # charts below the fold are asked for as they come into view
        page.evaluate(
            "document.querySelectorAll('.dashboard-component-chart-holder').forEach(e => e.scrollIntoView())"
        )
        page.wait_for_timeout(700)
        quiet = 0 if page.locator(".loading, [data-test=loading-indicator]").count() else quiet + 1
    page.evaluate("window.scrollTo(0, 0)")
    height = page.evaluate(
        "Math.max(document.body.scrollHeight, document.documentElement.scrollHeight)"
    )
    page.set_viewport_size({"width": 1400, "height": int(height) + 20})
    page.wait_for_timeout(2500)
    page.screenshot(path=str(picture), full_page=True)
    said = {
        "text": page.inner_text("body"),
        "errors": page.locator(
            "[role=alert], .ant-alert-error, [data-test=error-message]"
        ).all_inner_texts(),
        "empty": page.locator(
            ".ant-empty-description, .empty-state, [data-test=chart-empty]"
        ).all_inner_texts(),
        "charts": page.locator(".dashboard-component-chart-holder .slice_container").count(),
    }
    page.set_viewport_size({"width": 1400, "height": 1000})
    return said


def main() -> None:
    """Log in and look at each dashboard."""
    address, user, password, folder, *slugs = sys.argv[1:]
    outside: list[str] = []
    blocked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000}, color_scheme="light")
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((address, "data:", "blob:"))
                else outside.append(asked.url)
            ),
        )
        page.on("console", lambda said: blocked.append(said.text) if said.type == "error" else None)
        page.goto(f"{address}/login/")
        page.fill("input[name=username], #username", user)
        page.fill("input[name=password], #password", password)
        page.press("input[name=password], #password", "Enter")
        page.wait_for_url(lambda url: "/login" not in url, timeout=PATIENCE * 1000)
        said = {slug: look(page, address, slug, Path(folder) / f"{slug}.png") for slug in slugs}
        browser.close()
    print(
        json.dumps(
            {
                "dashboards": said,
                "outside": sorted(set(outside)),
                "console": sorted(set(blocked))[:20],
            }
        )
    )


if __name__ == "__main__":
    main()
