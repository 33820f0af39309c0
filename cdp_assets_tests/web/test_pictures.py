"""Pictures of people and logos beside the titles of cards: from a file of addresses to the page."""

import re
import struct
import threading
import zlib
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cdp_assets.config import load_project
from cdp_assets.errors import UserError
from cdp_assets.web import serve
from cdp_assets.web.picture import Picture, picture_of
from cdp_assets_tests.projects import query, run_up_to, small_project
from cdp_assets_tests.web.test_browser import CHROMIUM, browser  # noqa: F401 - the browser is a fixture

pytestmark = pytest.mark.pipeline
CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name, photo: person.profile_image}}
  firms: {files: firms.csv, primary_key: no, fields: {company: organization.name, mark: organization.logo_image}}
customers: {match_order: [crm]}
accounts: {match_order: [firms]}
"""


class Quiet(SimpleHTTPRequestHandler):
    """A server of pictures that says nothing."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """The address of a server on this computer that has the picture ann.png and nothing else."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "ann.png").write_bytes(_png())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _png():
    """A red square of four by four."""
    rows = b"".join(b"\0" + b"\xff\0\0" * 4 for _ in range(4))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory, pictures):
    """A published project: Ann has a picture, Bob one that is gone, Cy none; Acme has a logo."""
    crm = f'id,name,photo\n1,Ann Lee,{pictures}/ann.png\n2,Bob Kent,"{pictures}/a""><script>alert(1)</script>.png"\n3,Cy Orr,\n'
    files = {"crm.csv": crm, "firms.csv": f"no,company,mark\na,Acme,{pictures}/ann.png\nb,Bright,\n"}
    project = small_project(tmp_path_factory.mktemp("project"), CONFIG, files)
    list(run_up_to(project, "published_snapshot"))
    customers = dict(query(project, "select name, customer_id from unified_profiles"))
    accounts = dict(query(project, "select company, account_id from account_profiles"))
    return project.store / "published", customers, accounts


def image(page):
    """The one picture of a page, with its attributes."""
    [found] = re.findall(r"<img [^>]*>", page.text)
    return dict(re.findall(r'([a-z-]+)="([^"]*)"', found))


def test_the_card_shows_the_picture_of_a_person_and_may_ask_for_it(client_of, world, pictures):
    folder, customers, _ = world
    page = client_of(folder).get(f"/customers/{customers['Ann Lee']}")
    assert image(page) == {
        "class": "initials picture", "src": f"{pictures}/ann.png", "alt": "Picture of Ann Lee", "data-letters": "AL",
        "width": "60", "height": "60", "loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer",
    }  # fmt: skip
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ")
    assert policy.endswith("; img-src 'self' https: http:")


def test_the_page_of_an_account_shows_its_logo(client_of, world, pictures):
    folder, _, accounts = world
    page = client_of(folder).get(f"/accounts/{accounts['Acme']}")
    assert (image(page)["src"], image(page)["alt"]) == (f"{pictures}/ann.png", "Logo of Acme")
    assert "img-src" in page.headers["content-security-policy"]


def test_who_has_no_picture_has_letters_and_the_page_asks_nobody_outside(client_of, world):
    folder, customers, accounts = world
    client = client_of(folder)
    for path in (f"/customers/{customers['Cy Orr']}", f"/accounts/{accounts['Bright']}", "/", "/accounts"):
        page = client.get(path)
        assert "<img" not in page.text
        assert "img-src" not in page.headers["content-security-policy"]
    assert '<span class="initials" aria-hidden="true">CO</span>' in client.get(f"/customers/{customers['Cy Orr']}").text


def test_an_address_cannot_leave_its_attribute(client_of, world, pictures):
    folder, customers, _ = world
    page = client_of(folder).get(f"/customers/{customers['Bob Kent']}")
    assert image(page)["src"] == f"{pictures}/a&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;.png"
    assert "<script" not in page.text


def test_who_may_not_see_the_card_is_given_no_picture(client_of, world, pictures):
    def refuse():
        raise UserError("bob has no role in this project.")

    folder, customers, _ = world
    page = client_of(folder, authorise=refuse).get(f"/customers/{customers['Ann Lee']}")
    assert page.status_code == 403
    assert pictures not in page.text
    assert "img-src" not in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ([("organization.logo_image", "https://x/l.png"), ("person.profile_image", "https://x/p.png")], "https://x/p.png"),
        ([("person.profile_image", None), ("organization.logo_image", "HTTP://x/l.png")], "HTTP://x/l.png"),
        ([("person.profile_image", "first https://x"), ("person.profile_image", "https://x/2.png")], "https://x/2.png"),
        ([("text", "https://x/p.png"), ("person.profile_image", "javascript:alert(1)")], None),
        ([("person.profile_image", "data:image/png;base64,x"), ("person.profile_image", "//x/p.png")], None),
        ([("person.birth_date", date(2026, 1, 1)), ("person.profile_image", "https://x\n/p.png")], None),
    ],
    ids=["a person first", "a logo", "the first address", "a script", "no address", "a break"],
)
def test_only_public_addresses_of_the_types_of_pictures_are_shown(values, address):
    found = picture_of(values)
    assert (found.address if found else None) == address
    assert found is None or isinstance(found, Picture)


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}; the variable CHROMIUM names another place")
def test_in_a_browser_the_picture_loads_and_the_card_stays_whole_where_it_does_not(browser, world, pictures):  # noqa: F811
    folder, customers, _ = world
    addresses, up = [], threading.Event()

    def ready(address):
        addresses.append(address)
        up.set()

    arguments = {"port": 0, "authorise": lambda: None, "ready": ready}
    threading.Thread(target=serve, args=(load_project(folder.parents[1]),), kwargs=arguments, daemon=True).start()
    assert up.wait(10)
    context = browser.new_context(viewport={"width": 360, "height": 740}, base_url=addresses[0])
    page, asked, seen = context.new_page(), [], {}
    page.on("request", lambda request: request.url.startswith(pictures) and asked.append(request))
    for name in ("Ann Lee", "Bob Kent"):
        page.goto(f"/customers/{customers[name]}")
        page.wait_for_load_state("networkidle")
        shown = page.locator("header.head img")
        box = shown.bounding_box()
        seen[name] = (box["width"], box["height"], shown.evaluate("each => each.naturalWidth"))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert seen == {"Ann Lee": (44, 44, 4), "Bob Kent": (44, 44, 0)}  # Bob's is not there: letters cover its place
    assert page.locator("header.head img").evaluate("each => getComputedStyle(each, '::after').content") == '"BK"'
    assert len(asked) == 2
    assert not any(request.headers.get("referer") for request in asked)
    context.close()
