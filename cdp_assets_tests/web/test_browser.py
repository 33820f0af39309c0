"""The pages in a real browser: by keyboard, on a telephone's width, with no request to elsewhere."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.config import Project, parse_config
from cdp_assets.web import serve
from cdp_assets_tests.publish.small_world import ANN, GONE, OLD_ANN, UNKNOWN, published

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
CONFIG = "version: 1\nsources:\n  crm: {files: crm.csv, primary_key: contact_id, fields: {name: person.full_name}}\n"

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}; the variable CHROMIUM names another place"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """The pages of an empty project, served as `cdp web` does, and its store."""
    folder = tmp_path_factory.mktemp("project")
    project = Project(folder, folder / "cdp.yaml", parse_config(CONFIG), "")
    addresses: list[str] = []
    up = threading.Event()

    def ready(address: str) -> None:
        addresses.append(address)
        up.set()

    arguments = {"port": 0, "authorise": lambda: None, "ready": ready}
    threading.Thread(target=serve, args=(project,), kwargs=arguments, daemon=True).start()
    assert up.wait(10)
    return addresses[0].rstrip("/"), project.store


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, served):
    """A page that may ask nobody but our server; anything else, and any error in it, fails the test."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 360, "height": 740}, base_url=served[0])
    opened = context.new_page()
    opened.on("request", lambda request: request.url.startswith(served[0]) or wrong.append(request.url))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert wrong == []


def test_before_and_after_the_first_publication_without_a_restart(page, served):
    page.goto("/")
    assert page.locator("h1").inner_text() == "No data published yet"
    published(served[1])
    page.wait_for_timeout(2100)  # CURRENT is looked at every two seconds
    page.reload()
    assert "4 customers: 3 known" in page.locator("main").inner_text()


def test_from_search_to_the_card_by_keyboard(page, served):
    published(served[1])
    page.goto("/")
    page.locator("input[name=q]:focus").wait_for()  # a person sees the caret before typing
    page.keyboard.type("obrien")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=obrien")
    page.get_by_role("link", name="Ann-Marie O'Brien").press("Enter")
    page.wait_for_url(f"**/customers/{ANN}")
    row = page.get_by_role("row", name="Email")
    row.locator("summary").press("Enter")
    assert row.get_by_text("sources/crm.csv, line 18").is_visible()


@pytest.mark.parametrize(
    "path", ["/", "/?q=an", "/?q=zzz", f"/customers/{ANN}", f"/customers/{UNKNOWN}", f"/customers/{OLD_ANN}", f"/customers/{GONE}", "/x"]
)
def test_no_page_scrolls_sideways_on_a_telephone(page, served, path):
    published(served[1])
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.querySelectorAll('input:not([type=hidden])').length") == page.locator("label").count()
