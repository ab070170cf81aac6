"""The live page in headless Chromium, through what a person does."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import duckdb
import pytest

from scoring.serve.keys import create
from tests.support.serving import published, running
from tests.support.shops import Shop
from warehouse.settings import Settings

pytest.importorskip("fastapi")
pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIEWS = ("", "audiences", "audiences/likely_buyers", "segments", "customers", "health", "api")
HOSTILE = '<img src="x" onerror="window.hacked=1"> & "all" others'
STRANGER = "<b>&\"'?#% C1"

expect.set_options(timeout=20_000)  # the machine may be busy


@dataclass
class Service:
    """A running service, and what a browser saw of it."""

    settings: Settings
    address: str
    key: str
    problems: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def service(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The shop, with names that try to be HTML, outcomes that matured, and a check that fails."""
    settings = published(shop, tmp_path_factory.mktemp("page"))
    _plant(settings.serving)
    key = create(settings.api_keys, "page")
    with running(settings) as (_, address):
        yield Service(settings, address, key)


def _plant(serving: Path) -> None:
    with duckdb.connect(str(serving)) as connection:
        connection.execute(
            "update segments.public_micro_segments set segment_name = ?"
            " where segment_id = 'lapsed'",
            [HOSTILE],
        )
        connection.execute(
            "insert into predictions.customer_cards by name"
            " (select * replace (? as customer_id, ? as reason_1_text)"
            " from predictions.customer_cards limit 1)",
            [STRANGER, HOSTILE],
        )
        connection.execute("delete from monitoring.task_performance")
        connection.execute(
            "insert into monitoring.task_performance by name"
            " select task, model_version,"
            " date '2025-07-03' + cast(28 * n as integer) as as_of_date,"
            " 400 as row_count, 60 as buyers, 63.0 as predicted_buyers, 40.0 as predicted_variance,"
            " 0.8 - n / 100 as auc, 0.02 as auc_error, 0.1 as brier, 0.01 as brier_error"
            " from predictions.champions cross join range(4) as dates(n)"
            " where task = 'customer_purchase_30d'"
        )
        connection.execute(
            "insert into monitoring.monitoring_checks by name"
            " select 'realised_auc' as check_name, 'task' as subject_type,"
            " 'customer_purchase_30d' as subject, max(as_of_date) as as_of_date, 'fail' as status,"
            " ? as message, 'AUC that came true' as check_title, 0 as check_rank"
            " from monitoring.monitoring_checks",
            [HOSTILE],
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    given = os.environ.get("NUMEROSITY_CHROMIUM")
    program = given or next(filter(None, map(shutil.which, NAMES)), None)
    if not program:
        pytest.skip("no Chromium on this machine: set NUMEROSITY_CHROMIUM to one")
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=program, args=list(QUIET))
        yield found
        found.close()


@pytest.fixture
def context(browser: Browser, service: Service) -> Iterator[BrowserContext]:
    """A browser as someone opens it, watched for requests elsewhere and errors."""
    service.problems.clear()
    found = browser.new_context(
        viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin", locale="en-GB"
    )
    found.set_default_timeout(20_000)

    def asked(request: Any) -> None:
        if not request.url.startswith(f"{service.address}/"):
            service.problems.append(f"request of {request.url}")

    found.on("request", asked)
    found.on("weberror", lambda error: service.problems.append(str(error.error)))
    found.on("dialog", lambda dialog: service.problems.append(dialog.message))
    found.on("console", lambda message: _note(service, message))
    yield found
    found.close()
    assert service.problems == []


def _note(service: Service, message: Any) -> None:
    # Chromium itself says of each answer of 400 and more that it is one.
    if message.type == "error" and "Failed to load resource" not in message.text:
        service.problems.append(message.text)


@pytest.fixture
def page(context: BrowserContext, service: Service) -> Page:
    """Somebody who has signed in."""
    found = context.new_page()
    found.clock.install()
    _sign_in(found, service, "")
    expect(found.get_by_role("heading", name="Models")).to_be_visible()
    return found


def _sign_in(page: Page, service: Service, view: str, key: str | None = None) -> None:
    page.goto(f"{service.address}/#/{view}")
    page.get_by_label("API key").fill(key or service.key)
    page.get_by_role("button", name="Sign in").click()


def _open(page: Page, view: str, title: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("link", name=view).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def _go(page: Page, service: Service, view: str) -> None:
    """By its address."""
    page.goto(f"{service.address}/#/{view}")
    name = view.partition("/")[0]
    expect(page.locator(f"nav [data-view='{name}'][aria-current]")).to_be_visible()


def _rows(service: Service, query: str) -> list[Any]:
    with duckdb.connect(str(service.settings.serving), read_only=True) as connection:
        return connection.sql(query).fetchall()


def test_one_signs_in_with_a_key(context: BrowserContext, service: Service) -> None:
    """A wrong one is said to be; the right one leads to where one wanted, and stays in the tab."""
    page = context.new_page()
    _sign_in(page, service, "audiences", "wrong")
    expect(page.get_by_role("alert")).to_have_text("This key is unknown.")
    expect(page.get_by_label("API key")).to_be_focused()
    expect(page.get_by_role("navigation")).to_have_count(0)
    page.keyboard.press("Control+a")
    page.keyboard.type(service.key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audiences")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audiences")
    kept = page.evaluate("[location.href, document.cookie, JSON.stringify(localStorage)].join()")
    assert service.key not in kept
    other = context.new_page()
    other.goto(service.address)
    expect(other.get_by_label("API key")).to_be_focused()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("alert")).to_have_text("You have signed out.")
    assert page.evaluate("sessionStorage.length") == 0


def test_a_revoked_key_is_asked_for_again(context: BrowserContext, service: Service) -> None:
    """Nothing is left of what it showed."""
    page = context.new_page()
    own = create(service.settings.api_keys, "leaver")
    page.wait_for_timeout(1500)  # keys are read once a second
    _sign_in(page, service, "", own)
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    keys = service.settings.api_keys
    keys.write_text("".join(line for line in keys.open() if not line.startswith("leaver")))
    page.wait_for_timeout(1500)
    page.get_by_role("link", name="Customers").click()
    page.get_by_label("Customer id").fill("C0000001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("no longer valid")
    expect(page.get_by_role("heading", name="Customer")).to_have_count(0)


def test_the_overview_says_what_is_expected(page: Page, service: Service) -> None:
    """The sum of the probabilities, the models' health, the sizes of audiences."""
    ((customers, expected),) = _rows(
        service,
        "select count(*), round(sum(probability)) from predictions.customer_predictions",
    )
    said = page.get_by_role("main").get_by_role("listitem").first
    expect(said).to_contain_text(f"of {customers:,} customers")
    expect(said).to_contain_text(f"{expected:,.0f} are expected to")
    ((counted,),) = _rows(
        service,
        "select reliable || ' of ' || segments || ' micro-segments'"
        " from segments.segment_overview inner join segments.outcomes using (outcome)"
        " where is_headline and as_of_date = newest_as_of_date",
    )
    expect(page.get_by_role("main")).to_contain_text(counted)
    ((checks,),) = _rows(
        service,
        "select 'Of ' || count(*) || ' checks' from monitoring.monitoring_checks where as_of_date ="
        " (select max(as_of_date) from monitoring.monitoring_checks)"
        " and status <> 'not_applicable'",
    )
    expect(page.get_by_role("main")).to_contain_text(checks)
    model = page.get_by_role("article").filter(has_text="A customer buys within 30 days")
    expect(model).to_contain_text("Do not rely on it")
    expect(model).to_contain_text("compared with 0.")
    ((size,),) = _rows(service, "select count(*) from activation.likely_buyers")
    row = page.get_by_role("row").filter(has_text="Likely buyers")
    expect(row.get_by_role("cell").first).to_have_text(f"{size:,}")


def test_a_segment_is_opened_with_the_keyboard(page: Page, service: Service) -> None:
    """Tab to the points, arrows from one to the next, Enter opens, Escape leads back."""
    _open(page, "Micro-segments", "Micro-segments")
    rows = _rows(
        service,
        "select segment_name, customers, rate from segments.public_micro_segments"
        " where outcome = 'has_purchase_30d' and level > 0 and as_of_date = (select max(as_of_date)"
        " from segments.public_micro_segments where outcome = 'has_purchase_30d')"
        " order by customers desc, rate desc",
    )
    points = page.get_by_role("group", name="Micro-segments by size").get_by_role("button")
    expect(points).to_have_count(len(rows))
    page.get_by_label("Level").focus()
    page.keyboard.press("Tab")
    largest, next_one = rows[0], rows[1]
    focused = page.locator(":focus")
    expect(focused).to_have_attribute(
        "aria-label", re.compile(f"{re.escape(largest[0])}: {largest[1]} customers")
    )
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("aria-label", re.compile(f": {next_one[1]} customers"))
    name = str(focused.get_attribute("id"))
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("id", "segment-name")
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text(f"of {next_one[1]} customers made a purchase within 30 days")
    expect(panel).to_contain_text(f"{100 * next_one[2]:.1f}")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page.locator(":focus")).to_have_attribute("id", name)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Find by words of the name")).to_be_focused()


def test_a_segment_is_opened_with_the_mouse_and_by_its_address(
    page: Page, service: Service
) -> None:
    """Point, row and link lead to the same; the address opens it again, and so does going back."""
    _open(page, "Micro-segments", "Micro-segments")
    page.locator("[id='point-active'] .target").click()
    panel = page.get_by_role("complementary", name="Active")
    expect(panel).to_be_visible()
    page.reload()
    expect(panel).to_be_visible()
    panel.get_by_role("link", name="Everyone").first.click()
    expect(page.get_by_role("complementary", name="Everyone")).to_be_visible()
    page.go_back()
    expect(panel).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    expect(page.get_by_role("complementary")).to_have_count(0)
    page.get_by_role("row").get_by_role("link", name="Active", exact=True).click()
    expect(panel).to_be_visible()
    _open(page, "Audiences", "Audiences")
    _open(page, "Micro-segments", "Micro-segments")
    page.locator("[id='point-active'] .target").click()
    expect(page.locator(":focus")).to_have_text("Active")
    page.goto(f"{service.address}/#/segments/never%2Fwas")
    expect(page.get_by_role("complementary")).to_contain_text("No segment that may be shown")


def test_the_table_holds_what_the_picture_shows(page: Page) -> None:
    """The same number; it is filtered by level, outcome, date and words, and sorted."""
    _open(page, "Micro-segments", "Micro-segments")
    points, table = page.locator(".point"), page.get_by_role("table").first
    expect(points.first).to_be_visible()
    before = points.count()
    page.get_by_label("Level").select_option("1")
    expect(points).not_to_have_count(before)
    expect(table.get_by_role("row")).to_have_count(points.count() + 1)
    sizes = "[...document.querySelectorAll('#segments td:nth-child(2)')].map(e => +e.textContent)"
    page.get_by_role("button", name="Customers", exact=True).click()
    assert page.evaluate(sizes) == sorted(page.evaluate(sizes), reverse=True)
    expect(page.get_by_role("columnheader", name="Customers")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.get_by_role("button", name="Customers", exact=True).click()
    assert page.evaluate(sizes) == sorted(page.evaluate(sizes))
    page.get_by_label("Find").fill("COOLING")
    expect(table.get_by_role("row")).to_have_count(2)
    page.get_by_label("Find").fill("")
    oldest = page.get_by_label("As of").get_by_role("option").last.get_attribute("value")
    page.get_by_label("As of").select_option(oldest)
    expect(page).to_have_url(re.compile(f"as_of_date={oldest}"))
    page.get_by_label("Outcome").select_option(label="Purchase within 7 days")
    expect(page.locator(".lead")).to_contain_text("purchase within 7 days")


def test_a_customer_is_found_by_id(page: Page, service: Service) -> None:
    """The probability, beside the average; the reasons in words; the micro-segment."""
    customer, probability, reason, segment = _rows(
        service,
        "select customer_id, probability, reason_1_text, segment_name"
        " from predictions.customer_cards where verdict is not null"
        " and segment_id <> 'lapsed' order by probability desc limit 1",
    )[0]
    _open(page, "Customers", "Customers")
    page.get_by_label("Customer id").fill(f"  {customer} ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Customer {customer}")
    main = page.get_by_role("main")
    expect(main).to_contain_text(f"{100 * probability:.1f}")
    expect(main).to_contain_text("times the average customer")
    words = reason.split(" (")[0]
    expect(main).to_contain_text(words[0].upper() + words[1:])
    page.get_by_role("link", name=segment).click()
    expect(page.get_by_role("complementary", name=segment)).to_be_visible()


def test_who_is_not_known_is_said_to_be(page: Page) -> None:
    """The field keeps what was typed."""
    _open(page, "Customers", "Customers")
    page.get_by_label("Customer id").fill("nobody")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_contain_text("No prediction for “nobody” is published")
    expect(page.get_by_label("Customer id")).to_have_value("nobody")


def test_an_audience_leads_to_its_customers(page: Page, service: Service) -> None:
    """Who comes first, and whoever is held out."""
    ((first,),) = _rows(
        service,
        "select customer_id from activation.likely_buyers order by priority desc, 1 limit 1",
    )
    _open(page, "Audiences", "Audiences")
    page.get_by_role("link", name="Likely buyers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Likely buyers")
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("row").nth(1).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Customer {first}")


def test_health_says_what_came_true_and_what_fails(page: Page) -> None:
    """In words, as a picture with a table beside it, and the checks, the worst first."""
    _open(page, "Model health", "Model health")
    model = page.get_by_role("region", name="A customer buys within 30 days")
    expect(model).to_contain_text("Do not rely on it")
    expect(model).to_contain_text("Of 400 customers scored as of 25 September 2025")
    expect(model).to_contain_text("63 were expected to and 60 did: AUC 0.770 (0.731 to 0.809)")
    expect(model.locator("circle.dot")).to_have_count(4)
    model.get_by_text("As a table").click()
    expect(model.get_by_role("table").last.get_by_role("row")).to_have_count(5)
    checks = page.get_by_role("region", name="Checks, worst first").get_by_role("row")
    expect(checks.nth(1)).to_contain_text("AUC that came true")
    expect(checks.nth(1)).to_contain_text("failed")
    before = checks.count()
    page.get_by_label("Show checks that are ok or not applicable as well").check()
    expect(checks.nth(before)).to_be_visible()
    assert checks.count() > 100


def test_names_are_text_whatever_they_hold(page: Page, service: Service) -> None:
    """A segment, a customer, a reason and a message that try to be HTML are shown as they are."""
    page.goto(f"{service.address}/#/segments/lapsed")
    expect(page.get_by_role("complementary").get_by_role("heading").first).to_have_text(HOSTILE)
    page.goto(f"{service.address}/#/customers/{quote(STRANGER, safe='')}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Customer {STRANGER}")
    expect(page.get_by_role("main")).to_contain_text(HOSTILE)
    _open(page, "Model health", "Model health")
    expect(page.get_by_role("main")).to_contain_text(HOSTILE)
    assert page.evaluate("document.images.length") == 0
    assert page.evaluate("window.hacked") is None


def test_a_new_publication_is_shown_without_a_reload(page: Page, service: Service) -> None:
    """It is said, the figures are the new ones, and the focus stays where it was."""
    _open(page, "Customers", "Customers")
    page.get_by_label("Customer id").fill("C9")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    serving = service.settings.serving
    copy = serving.with_name("next.duckdb")
    shutil.copy(serving, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "update publication set version = 'next', published_at = '2026-03-01 08:00:00'"
        )
        connection.execute(
            "insert into predictions.customer_cards by name (select * replace ('C9' as customer_id)"
            " from predictions.customer_cards limit 1)"
        )
    os.replace(copy, serving)
    until = time.monotonic() + 60
    while b'"next"' not in urlopen(f"{service.address}/ready").read():
        assert time.monotonic() < until
        time.sleep(0.2)
    page.get_by_label("Customer id").focus()
    page.clock.fast_forward(31_000)
    said = page.locator("#banner")
    expect(said).to_have_text("Published 1 March 2026 at 09:00: new figures are shown.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customer C9")
    expect(page.get_by_label("Customer id")).to_be_focused()
    expect(page.locator("#published")).to_have_text("published 1 March 2026 at 09:00")


def test_a_service_that_is_silent_is_said_to_be(page: Page, context: BrowserContext) -> None:
    """What was there stays; a view that cannot be had offers to try again."""
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    context.set_offline(True)
    page.clock.fast_forward(31_000)
    expect(page.locator("#banner")).to_contain_text("does not answer at the moment")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    page.get_by_role("link", name="API").click()
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer")
    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API")
    page.clock.fast_forward(31_000)
    expect(page.locator("#banner")).to_be_hidden()


def test_the_api_is_described_with_what_to_type(page: Page, service: Service) -> None:
    """Each question with its fields and a command."""
    _open(page, "API", "API")
    page.get_by_text("Predictions for a web session").click()
    asked = page.get_by_role("group").filter(has_text="/v1/sessions/score")
    expect(asked).to_contain_text("product_pages")
    expect(asked.get_by_role("region", name="curl")).to_contain_text(
        f'-H "Authorization: Bearer $KEY" {service.address}/v1/sessions/score'
    )


def test_every_view_can_be_used_without_seeing_it(page: Page, service: Service) -> None:
    """One h1, headings without gaps, a name on everything to be used, and a way past the menu."""
    for view in VIEWS:
        _go(page, service, view)
        found = page.evaluate(
            """() => ({
                lang: document.documentElement.lang,
                title: document.title,
                levels: [...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1]),
                ids: [...document.querySelectorAll('[id]')].map(e => e.id),
                scopes: [...document.querySelectorAll('th')].every(e => e.scope),
                labels: [...document.querySelectorAll('input,select')].every(e => e.labels.length),
                current: document.querySelectorAll('nav [aria-current=page]').length,
            })"""
        )
        assert (found["lang"], found["current"]) == ("en", 1)
        assert found["title"].endswith("– Numerosity")
        levels = found["levels"]
        assert (levels[0], levels.count(1)) == (1, 1)
        assert all(after <= before + 1 for before, after in pairwise(levels)), view
        assert len(found["ids"]) == len(set(found["ids"])), view
        assert found["scopes"] and found["labels"], view
        tree = page.get_by_role("main").aria_snapshot()
        nameless = r"^\s*- (?:button|link|textbox|combobox|checkbox|searchbox|table)$"
        assert not re.findall(nameless, tree, re.MULTILINE), view
    page.evaluate("document.getElementById('skip').focus()")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_every_view_fits_a_phone(page: Page, service: Service) -> None:
    """360 pixels wide, nothing sticks out."""
    page.set_viewport_size({"width": 360, "height": 740})
    for view in (*VIEWS, "segments/active"):
        _go(page, service, view)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0, view


def test_light_and_dark(page: Page) -> None:
    """As the system is, unless somebody chose; the choice is kept."""
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(paper)
    assert light != dark
    colours = page.get_by_role("button", name="Colours")
    colours.click()
    expect(colours).to_have_text("Colours: light")
    assert page.evaluate(paper) == light
    page.reload()
    expect(colours).to_have_text("Colours: light")
    assert page.evaluate(paper) == light
    colours.click()
    colours.click()
    expect(colours).to_have_text("Colours: automatic")
    assert page.evaluate(paper) == dark
